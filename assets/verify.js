// Checks the code of a certificate on this device. The server does not see what is checked. Without scripts, or
// without Web Crypto (a page without HTTPS), the form goes to the server instead. Syntax: ES2018.
(() => {
  const root = document.querySelector('#verify');
  if (!root || !window.codeTools || !(window.crypto && crypto.subtle)) return;
  // A page that htmx restores from its history would not run this script.
  document.body.setAttribute('hx-boost', 'false');
  const { cbor, decodeQR, inflate, verify } = window.codeTools;
  const one = (css, part = root) => part.querySelector(css);
  const maps = { useMaps: true };
  const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
  const PATTERN = /KZ1:[0-9A-Z $%*+\-./:]+/;
  const DAY = 86400;
  const FACTS = -70001, ISSUER = 1, SUBJECT = 2, EXPIRES = 4, ISSUED = 6, STATUS = 65535, LIST = 65533, KEY = 4;

  const base45 = (text) => {
    const bytes = [];
    for (let at = 0; at < text.length; at += 3) {
      const letters = [...text.slice(at, at + 3)].map((letter) => ALPHABET.indexOf(letter));
      const number = letters.reduce((sum, digit, place) => sum + digit * 45 ** place, 0);
      if (letters.includes(-1) || letters.length < 2 || number > (letters.length > 2 ? 65535 : 255)) throw Error('base45');
      if (letters.length > 2) bytes.push(number >> 8);
      bytes.push(number & 255);
    }
    return Uint8Array.from(bytes);
  };
  const base64url = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

  // The text of a code in what was typed: the text itself, or a link with it after `#`.
  const codeIn = (typed) => {
    const at = typed.indexOf('KZ1:');
    if (at < 0) return '';
    const code = typed.slice(at).replace(/[\r\n\t]/g, '').replace(/ +$/, '');
    try {
      return typed[at - 1] === '#' ? decodeURIComponent(code) : code;
    } catch (error) {
      return code;
    }
  };

  // The payload of a COSE_Sign1, if one of the keys has signed it.
  const opened = async (token, keys) => {
    if (token[0] !== 0xd2) throw Error('no COSE_Sign1');
    const [head, , payload, signature] = cbor(token.subarray(1), maps);
    const header = cbor(head, maps);
    const key = keys.find(({ id }) => equal(id, header.get(KEY) || []));
    if (header.get(1) !== -8 || !key) throw Error('unknown key');
    const sized = (bytes, type) => bytes.length < 24 ? [type | bytes.length]
      : bytes.length < 256 ? [type | 24, bytes.length]
        : bytes.length < 65536 ? [type | 25, bytes.length >> 8, bytes.length & 255]
          : [type | 26, bytes.length >>> 24, bytes.length >> 16 & 255, bytes.length >> 8 & 255, bytes.length & 255];
    const context = [...'Signature1'].map((letter) => letter.charCodeAt(0));
    const parts = [[0x84, 0x6a], context, sized(head, 0x40), head, [0x40], sized(payload, 0x40), payload];
    const signed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (signed.set(part, at), at + part.length), 0);
    if (!await verify(signature, signed, key.bytes)) throw Error('signature');
    return cbor(payload, maps);
  };

  // The service worker answers from its store without a network.
  const fetched = (url) => fetch(url, { cache: 'no-cache' }).then((answer) => answer.ok ? answer : Promise.reject(Error(url)));
  const publicKeys = async () => {
    const { keys } = await (await fetched(root.dataset.keys)).json();
    const known = keys.filter((key) => key.crv === 'Ed25519');
    return known.map((key) => ({ bytes: base64url(key.x), id: [...key.kid].map((letter) => letter.charCodeAt(0)) }));
  };
  const statusList = async (keys) => {
    const token = new Uint8Array(await (await fetched(root.dataset.status)).arrayBuffer());
    const claims = await opened(token, keys);
    const list = claims.get(LIST);
    return { uri: claims.get(SUBJECT), at: claims.get(ISSUED), bits: inflate(list.get('lst')) };
  };
  const isInvalid = (list, status) => {
    const index = status.get('idx');
    if (list.uri !== status.get('uri') || index >= list.bits.length * 8) return undefined;
    return (list.bits[index >> 3] >> (index & 7) & 1) === 1;
  };

  const china = (seconds) => new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 16).replace('T', ' ');
  const show = (name, claims, list, code) => {
    const answer = one('template[data-verdict=' + name + ']').content.cloneNode(true).firstElementChild;
    const fill = (css, text) => answer.querySelectorAll(css).forEach((part) => { part.textContent = text; });
    if (claims) {
      answer.querySelectorAll('[data-part]').forEach((part) => {
        const fact = claims.get(FACTS).get(+part.dataset.part);
        if (fact) part.textContent = fact; else part.closest('dl > div').remove();
      });
      fill('[data-issued]', china(claims.get(ISSUED)));
      fill('[data-until]', china(claims.get(EXPIRES)));
      fill('[data-issuer]', claims.get(ISSUER));
      one('[data-code]', answer).value = code;
    }
    fill('[data-list]', list ? china(list.at) : '—');
    one('#verdict').replaceChildren(answer);
    answer.tabIndex = -1;
    answer.focus();
    document.querySelector('#live').textContent = answer.dataset.answer || '';
  };

  const check = async (typed) => {
    const code = codeIn(typed);
    if (!code) return show('no_code');
    let keys, claims;
    try {
      keys = await publicKeys();
    } catch (error) {
      return show('no_keys');
    }
    try {
      claims = await opened(inflate(base45(code.slice(4))), keys);
      if (!claims.get(FACTS)) throw Error('no certificate');
    } catch (error) {
      return show('forged');
    }
    const list = await statusList(keys).catch(() => undefined);
    const invalid = list && isInvalid(list, claims.get(STATUS).get('status_list'));
    const now = Date.now() / 1000;
    if (now >= claims.get(EXPIRES)) return show('expired', claims, list, code);
    if (invalid) return show('ended', claims, list, code);
    return show(invalid === undefined || now - list.at > DAY ? 'unlisted' : 'valid', claims, list, code);
  };

  // Looks for a code in several sizes, because a smaller picture has less noise.
  const canvas = document.createElement('canvas');
  const read = (source, width, height, sides) => {
    for (const side of sides) {
      const scale = Math.min(1, side / Math.max(width, height));
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      const area = canvas.getContext('2d');
      area.drawImage(source, 0, 0, canvas.width, canvas.height);
      try {
        return decodeQR(area.getImageData(0, 0, canvas.width, canvas.height));
      } catch (error) { /* no code in this size */ }
    }
    return '';
  };
  const inPicture = (file) => new Promise((done) => {
    const picture = new Image();
    const end = (text) => { URL.revokeObjectURL(picture.src); done(text); };
    picture.onload = () => end(read(picture, picture.naturalWidth, picture.naturalHeight, [1600, 1000, 2600, 700]));
    picture.onerror = () => end('');
    picture.src = URL.createObjectURL(file);
  });
  const inFile = async (file) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const text = new TextDecoder('latin1').decode(bytes);
    const found = PATTERN.exec(text);
    return found ? found[0] : text.startsWith('%PDF') ? '' : inPicture(file);
  };

  let stream;
  const stop = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = undefined;
    one('#camera').hidden = true;
  };
  const look = () => {
    const video = one('video');
    if (!stream) return;
    const text = video.videoWidth ? read(video, video.videoWidth, video.videoHeight, [1280]) : '';
    if (codeIn(text)) { stop(); check(text); } else setTimeout(look, 120);
  };
  const film = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1920 } } });
    } catch (error) {
      return show('no_camera');
    }
    const video = one('video');
    video.srcObject = stream;
    one('#camera').hidden = false;
    await video.play();
    look();
  };

  document.querySelectorAll('[data-scripted]').forEach((part) => { part.hidden = false; });
  document.querySelectorAll('[data-plain]').forEach((part) => { part.hidden = true; });
  one('#film').hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
  one('#film').addEventListener('click', film);
  one('#stop').addEventListener('click', stop);
  one('#check').addEventListener('submit', async (event) => {
    event.preventDefault();
    const file = one('#check [type=file]').files[0];
    check(file ? await inFile(file) : one('#check [name=code]').value);
  });
  one('#check [type=file]').addEventListener('change', async (event) => {
    const file = event.target.files[0];
    if (file) check(await inFile(file));
    event.target.value = '';
  });
  const linked = () => { if (location.hash.length > 1) check(location.href); };
  addEventListener('hashchange', linked);
  linked();

  // Keeps this page, its scripts, the keys and the status list, so that it works without a network.
  if (navigator.serviceWorker) {
    navigator.serviceWorker.register(root.dataset.worker, { scope: location.pathname })
      .then(() => navigator.serviceWorker.ready)
      .catch(() => {});
    publicKeys().then(statusList).catch(() => {});
  }
})();
