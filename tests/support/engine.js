// Finds things on a page by what people read. Syntax of 2015: it runs in engines as old as Chromium 66.
var finders = (function () {
  function squeezed(text) { return (text || '').replace(/\s+/g, ''); }
  function list(css, root) { return Array.prototype.slice.call((root || document).querySelectorAll(css)); }
  function visible(part) { var box = part.getBoundingClientRect(); return box.width > 1 && box.height > 1; }
  function says(part, name) { return squeezed(part.innerText).indexOf(squeezed(name)) >= 0; }
  // The one that says least beside the name.
  function nearest(parts, name) {
    return parts.filter(function (part) { return says(part, name); })
      .sort(function (a, b) { return a.innerText.length - b.innerText.length; })[0];
  }
  function field(label) {
    var found = nearest(list('label.label, legend.label'), label);
    return found && found.closest('.field, .upload');
  }
  function changed(input) {
    ['input', 'change'].forEach(function (type) { input.dispatchEvent(new Event(type, { bubbles: true })); });
    return true;
  }
  return {
    sees: function (text) { return document.readyState === 'complete' && says(document.body, text); },
    press: function (name) {
      var button = nearest(list('a, button, summary').filter(visible), name);
      if (document.readyState !== 'complete' || !button) return false;
      button.click();
      return true;
    },
    fill: function (label, value) {
      var place = field(label), input = place && place.querySelector('input:not([type=hidden]), textarea');
      if (!input) return false;
      input.value = value;
      return changed(input);
    },
    choose: function (name, label) {
      var place = name ? field(name) : document, option = place && nearest(list('.option', place), label);
      if (option) {
        option.querySelector('input').click();
        return true;
      }
      var entry = place && list('option', place).filter(function (one) { return one.text.indexOf(label) >= 0; })[0];
      if (!entry) return false;
      entry.parentNode.value = entry.value;
      return changed(entry.parentNode);
    },
    faults: function () {
      var faults = [], width = document.documentElement.clientWidth;
      if (document.scrollingElement.scrollWidth > width) faults.push('wider than the screen');
      if (getComputedStyle(document.querySelector('#top')).position.indexOf('sticky') < 0) faults.push('no style');
      list('svg:not(.chart)').filter(visible).forEach(function (icon) {
        if (icon.getBoundingClientRect().width > 72) faults.push('an icon of ' + icon.getBoundingClientRect().width + ' px');
      });
      list('dialog:not([open])').filter(visible).forEach(function () { faults.push('a closed dialog is seen'); });
      list('.button, .input').filter(visible).forEach(function (control) {
        if (control.getBoundingClientRect().height < 44) faults.push('a control lower than 44 px: ' + control.innerText);
      });
      return faults;
    },
  };
})();
