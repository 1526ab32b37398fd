// Enhances pages that work without scripts. Does nothing if htmx does not run, because the engine is too
// old or the request for htmx failed. Syntax: ES2018, which Chromium 66 parses.
(() => {
  if (!window.htmx) return;
  document.documentElement.dataset.scripts = '';
  // A login screen reloads itself for browsers without htmx. Here htmx polls, so the reload is cancelled. Safari
  // reloads nevertheless; the server sees the cookie and answers without the reload.
  const reload = document.querySelector('meta[http-equiv=refresh]');
  if (reload && document.querySelector('#handshake')) {
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
  const english = document.documentElement.lang === 'en';
  const copied = () => say(english ? 'Copied' : '已复制', 1);
  const select = (button) => {
    getSelection().selectAllChildren(one('[data-copied]', button.parentElement));
    if (document.execCommand('copy')) copied(); else say(english ? 'Selected. Press Ctrl+C or hold to copy' : '已选中，请长按或按 Ctrl+C 复制', 1);
  };
  const copyText = (button) => navigator.clipboard
    ? navigator.clipboard.writeText(button.dataset.copy).then(copied, () => select(button)) : select(button);
  reveal(); tick(); setInterval(tick, 1000);

  // The live region stays in the page: a region that arrives with its text is not read out.
  const arrive = (start) => {
    if (start.tabIndex < 0) start.tabIndex = -1;
    start.focus({ preventScroll: true });
    say(start.dataset.answer || '');
  };
  // English pages are loaded as documents. Screen readers first read the title of a document.
  if (one('[data-answer]')) addEventListener('load', () => setTimeout(() => arrive(one('[data-answer]')), 300));
  const states = one('#handshake');
  let said = states && states.dataset.says;

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

  // The proof of work of a list: a number with which the hash of the challenge begins with so many zero bits. Without
  // HTTPS there is no crypto, and the list waits.
  const solve = async (challenge, bits) => {
    const bytes = new TextEncoder(), batch = 256;
    const hash = (number) => crypto.subtle.digest('SHA-256', bytes.encode(`${challenge}.${number}`));
    for (let first = 0; ; first += batch) {
      const hashes = await Promise.all(Array.from({ length: batch }, (_, at) => hash(first + at)));
      const at = hashes.findIndex((found) => !(new DataView(found).getUint32(0) >>> (32 - bits)));
      if (at >= 0) return first + at;
    }
  };
  on('submit', (event) => {
    const { target: form } = event, { challenge, proof, key } = form.elements;
    if (!form.dataset.proof || proof.value || key.value.trim() || !(window.crypto && crypto.subtle)) return;
    event.preventDefault();
    if (form.solving) return;
    form.solving = true;
    say(form.dataset.says, 1);
    solve(challenge.value, +form.dataset.proof).then((number) => {
      proof.value = number;
      form.submit();
    });
  });

  // Going back may show the page as it was when its form was sent. The server knows what has become of it.
  let wasSent = false;
  on('submit', () => { wasSent = true; });
  addEventListener('pageshow', ({ persisted }) => { if (persisted && wasSent) location.reload(); });

  on('input', ({ target }) => {
    const count = target.dataset.count;
    if (count) one('#' + count).textContent = target.value.length + ' / ' + target.maxLength;
  });

  // The summary lists only errors that the page still has.
  const settle = (part) => {
    const link = one(`.summary a[href="#${part.id}"]`);
    if (!link) return;
    const summary = link.closest('.summary'), title = one('h2', summary);
    link.parentElement.remove();
    const left = summary.querySelectorAll('li').length;
    title.textContent = title.textContent.replace(/\d+/, left);
    if (left) return;
    summary.remove();
    document.title = document.title.replace(/^错误：/, '');
  };
  // Shows an error in the tile of an upload as the server does, or removes it.
  const complain = (tile, words) => {
    const id = tile.id + '-error', input = one('[type=file]', tile), bar = one('.progress', tile);
    if (one('#' + id)) one('#' + id).remove();
    tile.toggleAttribute('data-error', !!words);
    if (bar) bar.hidden = true;
    if (words) {
      const error = document.createElement('p');
      Object.assign(error, { id, className: 'error', textContent: words });
      one('.files,.drop', tile).before(error);
      if (input) input.value = '';
      say(words);
    } else settle(tile);
    const notes = ['hint', 'mark', 'error'].map((note) => tile.id + '-' + note).filter((note) => one('#' + note));
    [tile, input].forEach((part) => part && part.setAttribute('aria-describedby', notes.join(' ')));
    if (input && words) input.setAttribute('aria-invalid', 'true');
    else if (input) input.removeAttribute('aria-invalid');
  };

  // A file that is too large is not sent.
  on('change', (event) => {
    const { files, dataset: { largest: most } } = event.target, tile = near(event, '.upload');
    if (!tile || !most) return;
    const large = [...files].find((file) => file.size > most);
    if (!large) return complain(tile, '');
    event.stopPropagation();
    const name = files.length > 1 ? `“${large.name}”：` : '', size = (Math.ceil(large.size / 104857.6) / 10).toFixed(1);
    const others = files.length > 1 ? '。选择的文件都没有上传，请去掉它再选一次' : '';
    complain(tile, `${name}文件有 ${size} MB，超过 ${most / 1048576} MB，请压缩后再上传${others}`);
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

  // What had the focus may be gone with the part that was replaced. Its successor gets the focus. htmx itself finds
  // only those with an id.
  on('htmx:beforeSwap', ({ detail: { target, shouldSwap } }) => {
    if (!shouldSwap || target.id === 'main' || !target.contains(document.activeElement)) return;
    const { previousElementSibling: before, parentElement: around } = target;
    next('htmx:afterSettle', () => {
      const part = before ? before.nextElementSibling : around.firstElementChild;
      if (!part || document.activeElement !== document.body) return;
      const start = one('[data-again],input[type=file]', part) || one('h2,legend', part) || part;
      if (start.tabIndex < 0) start.tabIndex = -1;
      start.focus({ preventScroll: true });
    });
  });

  // htmx keeps no pages, so going back loads the page before again. The history keeps the place in it.
  let place;
  on('htmx:beforeHistorySave', () => {
    place = { htmx: true, top: scrollY, link: document.activeElement.getAttribute('href') };
  });
  on('htmx:beforeHistoryUpdate', ({ detail }) => detail.history.type === 'push' && history.replaceState(place, ''));
  // Runs before the listener of htmx, which would overwrite the state before it reloads the page.
  addEventListener('popstate', ({ state }) => {
    if (!state || !state.htmx) return;
    htmx.config.historyEnabled = false;
    history.scrollRestoration = 'manual';
  });
  const { top, link } = history.state || {};
  if (top !== undefined) {
    history.replaceState({ htmx: true }, '');
    const opened = link && one(`#main a[href="${CSS.escape(link)}"]`);
    if (opened) opened.focus({ preventScroll: true });
    scrollTo(0, top);
    // Chromium restores its own place, the top, if it is asked to before the page is at rest.
    addEventListener('load', () => setTimeout(() => { history.scrollRestoration = 'auto'; }, 1000));
  }

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
      arrive(one('.summary') || one('[data-answer]') || one('h1'));
    } else if (target.matches('.desk-viewer')) say(one('h2', target).textContent);
    else if (target.id === 'handshake' && target.dataset.says !== said) say(said = target.dataset.says);
    else if (target.dataset.answer) say(target.dataset.answer);
    else if (target.matches('.field,.upload')) {
      const error = one('p.error', target);
      if (!error) settle(target);
      say(error ? error.textContent : target.matches('.upload') ? '材料已更新' : '');
    }
  });
  // After a lost connection or a server error the login page polls again, for example after a restart.
  on('htmx:afterRequest', ({ target, detail: { xhr } }) => {
    if (target.id === 'handshake' && (xhr.status === 0 || xhr.status > 499)) {
      setTimeout(() => htmx.trigger(target, 'again'), 1500);
    }
  });
  on('htmx:sendError', (event) => {
    const tile = near(event, '.upload');
    if (tile) complain(tile, '网络不通，文件没有上传，请稍后重新选择');
    else if (event.target.id !== 'handshake') say('网络不通，请稍后再试。您填写的内容还在。', 1);
  });
  on('htmx:responseError', (event) => {
    const tile = near(event, '.upload');
    if (tile) complain(tile, '文件没有上传，原因写在页面上方');
  });
  on('htmx:beforeRequest', ({ target }) => target.id === 'handshake' || say(target.type === 'file' ? '正在上传' : ''));
})();
