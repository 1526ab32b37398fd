// Enhances pages that work without scripts. Does nothing if htmx does not run, because the engine is too
// old or the request for htmx failed. Syntax: ES2018, which Chromium 66 parses.
(() => {
  if (!window.htmx) return;
  document.documentElement.dataset.scripts = '';
  // The page reloads itself for browsers without htmx. Here htmx polls, so the reload is cancelled. Safari
  // reloads nevertheless; the server sees the cookie and answers without the reload.
  const reload = document.querySelector('meta[http-equiv=refresh]');
  if (reload) {
    document.cookie = 'scripts=1; Max-Age=600; SameSite=Lax; Path=' + reload.content.split('url=')[1];
    addEventListener('load', () => setTimeout(() => stop()));
  }

  const one = (css, root = document) => root.querySelector(css);
  const all = (css) => document.querySelectorAll(css);
  const on = (type, run, capture) => document.addEventListener(type, run, capture);
  const near = ({ target }, css) => target.closest && target.closest(css);
  const say = (words, show) => {
    one('#live').textContent = words;
    one('#live').toggleAttribute('data-show', !!show);
  };

  // Counted from when the page arrived, because the clock of the device may be wrong.
  const tick = () => all('[data-left]').forEach((time) => {
    time.ends = time.ends || performance.now() / 1000 + +time.dataset.left;
    const left = Math.max(0, Math.round(time.ends - performance.now() / 1000));
    time.textContent = (left > 59 ? Math.floor(left / 60) + ' 分 ' : '') + (left % 60) + ' 秒';
  });
  const focus = (part) => {
    const input = part && one('input:not([type=hidden]),select,textarea', part);
    if (input) input.focus();
  };
  // Safari below 15.4 does not support dialogs: they open inside the page.
  const open = (dialog) => (dialog.showModal ? dialog.showModal() : dialog.setAttribute('open', ''));
  const close = (dialog) => (dialog.close ? dialog.close() : dialog.removeAttribute('open'));
  const reveal = () => all('[data-copy],[data-print]').forEach((button) => { button.hidden = false; });
  // There is no clipboard without HTTPS, and the user may have forbidden it. The text is then selected.
  const copied = () => say('已复制', 1);
  const select = (button) => {
    getSelection().selectAllChildren(one('[data-copied]', button.parentElement));
    if (document.execCommand('copy')) copied(); else say('已选中，请长按或按 Ctrl+C 复制', 1);
  };
  const copyText = (button) => navigator.clipboard
    ? navigator.clipboard.writeText(button.dataset.copy).then(copied, () => select(button)) : select(button);
  reveal(); tick(); setInterval(tick, 1000);

  on('click', (event) => {
    const opener = near(event, '[data-dialog]');
    const dialog = opener && one('#' + opener.dataset.dialog);
    // Without dialogs the link opens a page with the same question.
    if (dialog && dialog.showModal) {
      event.preventDefault(); event.stopPropagation();
      dialog.showModal();
    }
    if (near(event, '[data-close]')) close(near(event, 'dialog'));
    if (near(event, '[data-print]')) print();
    const copy = near(event, '[data-copy]');
    if (copy) copyText(copy);
    const view = near(event, '.desk-viewer');
    if (near(event, '[data-zooms]')) view.toggleAttribute('data-zoom');
    if (near(event, '[data-turns]')) view.dataset.turn = ((view.dataset.turn | 0) + 1) % 4;
    const link = near(event, '.summary a,.marks a');
    if (link) setTimeout(() => {
      const place = one(link.hash);
      const part = place && place.closest('details');
      if (part) part.open = true;
      focus(place);
    });
  }, true);

  on('keydown', (event) => {
    // Shortcuts work if they are on and while the focus is inside the area of their buttons.
    const area = near(event, '[data-keys]');
    if (!area || event.repeat || event.isComposing || one('dialog[open]')) return;
    if (event.ctrlKey || event.metaKey || event.altKey || near(event, 'input,select,textarea')) return;
    const button = one(`[data-key="${CSS.escape(event.key.toUpperCase())}"]`, area);
    if (button) button.click();
  });

  // Going back may show the page as it was when its form was sent. The server knows what has become of it.
  let wasSent = false;
  on('submit', () => { wasSent = true; });
  addEventListener('pageshow', ({ persisted }) => { if (persisted && wasSent) location.reload(); });

  on('input', ({ target }) => {
    const count = target.dataset.count;
    if (count) one('#' + count).textContent = target.value.length + ' / ' + target.maxLength;
  });

  // A file that is too large is not sent.
  on('change', (event) => {
    const most = event.target.dataset.largest;
    if (!most || ![...event.target.files].some((file) => file.size > most)) return;
    event.stopPropagation();
    event.target.value = '';
    say(`文件超过 ${most / 1048576} MB，请压缩后再上传`, 1);
  }, true);

  // Of all requests only the one of the upload itself sends its file.
  on('htmx:configRequest', ({ detail: { elt, formData } }) => {
    if (elt.tagName === 'FORM') return;
    [...formData.keys()].filter((key) => key.startsWith('file.') && key !== elt.name)
      .forEach((key) => formData.delete(key));
  });

  // A response to an older request does not overwrite values that were entered since.
  const next = (type, run) => document.addEventListener(type, run, { once: true });
  on('htmx:beforeSwap', ({ detail }) => {
    const { target, requestConfig: { formData: sent } } = detail;
    if (!detail.shouldSwap || !target.matches('.field,#form')) return;
    const typed = [...target.querySelectorAll('.input')]
      .filter((input) => sent.has(input.name) && sent.get(input.name) !== input.value);
    const picked = [...target.querySelectorAll('.option input')]
      .filter((box) => sent.getAll(box.name).includes(box.value) !== box.checked);
    const unfolded = [...target.querySelectorAll('details')].map((part) => part.open);
    if (target.id !== 'form') detail.shouldSwap = !typed.length;
    else next('htmx:afterSwap', () => {
      all('#form details').forEach((part, index) => { part.open = unfolded[index]; });
      typed.forEach(({ id, value }) => { if (one('#' + id)) one('#' + id).value = value; });
      const again = picked.map(({ name, value, checked }) => {
        const box = [...all('.option input')].find((box) => box.name === name && box.value === value);
        if (box) box.checked = checked;
        return box;
      });
      // The new form has its listeners now. A change event makes it update its options.
      next('htmx:afterSettle', () => again.forEach((box) => box && box.dispatchEvent(new Event('change', { bubbles: true }))));
    });
  });

  on('htmx:xhr:progress', ({ target, detail }) => {
    const bar = target.closest('.upload') && one('.progress', target.closest('.upload'));
    if (!bar || !detail.lengthComputable) return;
    const done = Math.round(100 * detail.loaded / detail.total);
    bar.hidden = false;
    bar.firstChild.value = done;
    bar.lastChild.textContent = done + '%';
  });

  on('htmx:afterSettle', ({ target }) => {
    reveal(); tick();
    if (target.id === 'confirming' && one('dialog', target)) open(one('dialog', target));
    if (target.id === 'main') {
      wasSent = false;
      const start = one('.summary') || one('h1');
      start.tabIndex = -1;
      start.focus({ preventScroll: true });
    } else if (target.matches('.field,.upload')) {
      const error = one('.error', target);
      say(error ? error.textContent : target.matches('.upload') ? '材料已更新' : '');
    }
  });
  // After a lost connection or a server error the login page polls again, for example after a restart.
  on('htmx:afterRequest', ({ target, detail: { xhr } }) => {
    if (target.id === 'handshake' && (xhr.status === 0 || xhr.status > 499)) {
      setTimeout(() => htmx.trigger(target, 'again'), 1500);
    }
  });
  on('htmx:sendError', ({ target }) => target.id === 'handshake' || say('网络不通，请稍后再试。您填写的内容还在。', 1));
  on('htmx:beforeRequest', () => say(''));
})();
