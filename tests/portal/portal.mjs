// A government portal for tests: oidc-provider with people who do not exist. Claims lie deep, as
// real portals have them, and in the ID token too. Its keys can be changed while it runs.
//
//     node portal.mjs ISSUER REDIRECT_URI     prints the port it listens on

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const [issuer, redirectUri] = process.argv.slice(2);

const PEOPLE = {
  zhang: { realName: '张小三', cert: { type: '111', number: '11010519491231002X' }, mobile: '13800138000' },
  anna: { realName: 'SCHMIDT ANNA', cert: { type: '414', number: 'C01X00T47' }, mobile: '13900139000' },
};

// Each client has its tokens signed in a way of its own.
const SIGNED = { client_secret_basic: 'RS256', client_secret_post: 'ES256', none: 'PS256' };

const client = (id, auth) => ({
  client_id: id,
  ...(auth !== 'none' && { client_secret: 'a secret: with + and %' }),
  token_endpoint_auth_method: auth,
  id_token_signed_response_alg: SIGNED[auth],
  ...(id.endsWith('signed') && { userinfo_signed_response_alg: SIGNED[auth] }),
  redirect_uris: [redirectUri],
  response_types: ['code'],
  grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
});

const page = (title, body) => `<!doctype html><html lang="zh-CN"><meta charset="utf-8">
  <meta name="viewport" content="width=device-width"><title>${title}</title><h1>${title}</h1>${body}</html>`;

async function newKey(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...await exportJWK(privateKey), kid: randomBytes(4).toString('hex'), use: 'sig', alg };
}

async function provider(cookieKey) {
  const made = new Provider(issuer, {
    clients: [...Object.keys(SIGNED).map((auth) => client(auth, auth)), client('signed', 'client_secret_basic')],
    jwks: { keys: await Promise.all(Object.values(SIGNED).map(newKey)) },
    cookies: { keys: [cookieKey] },
    claims: { openid: ['sub'], profile: ['citizen'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    ttl: { IdToken: 30 },
    interactions: { url: (ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, citizen: PEOPLE[id] }) }),
    // Whoever signs in has consented.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, form) => {
          ctx.body = page('授权码', `${form}<button form="op.deviceInputForm">继续</button>`);
        },
        userCodeConfirmSource: (ctx, form, _client, _device, code) => {
          ctx.body = page('核对授权码', `<p>${code}</p>${form}<button form="op.deviceConfirmForm">一致</button>`);
        },
        successSource: (ctx) => { ctx.body = page('已授权', '<p>可以关闭这个页面。</p>'); },
      },
    },
  });
  made.proxy = true;
  return made;
}

async function interaction(op, req, res) {
  if (req.method === 'GET') {
    const buttons = Object.entries(PEOPLE)
      .map(([id, { realName }]) => `<p><button name="person" value="${id}">${realName}</button></p>`);
    const form = `<form method="post">${buttons.join('')}<button name="person" value="">取消</button></form>`;
    res.setHeader('content-type', 'text/html; charset=utf-8').end(page('统一身份认证', form));
    return;
  }
  let body = '';
  for await (const piece of req) body += piece;
  const accountId = new URLSearchParams(body).get('person');
  const result = accountId ? { login: { accountId } } : { error: 'access_denied' };
  await op.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

const cookieKey = randomBytes(16).toString('hex');
let op = await provider(cookieKey);
const server = createServer(async (req, res) => {
  try {
    if (req.url === '/test/rotate') {
      op = await provider(cookieKey);
      res.end();
    } else if (req.url.startsWith('/interaction/')) {
      await interaction(op, req, res);
    } else {
      op.callback()(req, res);
    }
  } catch (error) {
    res.statusCode = 500;
    res.end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
// Whoever started this is gone.
process.stdin.on('end', () => process.exit()).resume();
