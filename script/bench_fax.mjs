// Two figures of script/bench that need a customer: upload to preview of a ten-page document, and the time from
// accepting a fax to its first attempt. Usage: node script/bench_fax.mjs SITE DATA_DIR
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [site, data] = process.argv.slice(2);
const rounds = 5;
let cookie = '';

async function call(method, path, body, headers = {}) {
  const json = body !== undefined && !(body instanceof FormData);
  const answer = await fetch(`${site}${path}`, {
    method,
    headers: { accept: 'application/json', cookie, ...(json && { 'content-type': 'application/json' }), ...headers },
    body: json ? JSON.stringify(body) : body,
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
  if (cookies.length) cookie = cookies.join('; ');
  return answer;
}

const post = async (path, body, headers) => (await call('POST', path, body, headers)).text().then((text) => text && JSON.parse(text));

function tokenInMail() {
  const folder = join(data, 'mail');
  const mail = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  // Quoted-printable breaks long lines and writes "=" as "=3D" (RFC 2045, section 6.7).
  return mail.replace(/=\r?\n/g, '').replace(/=3D/g, '=').match(/confirm-email\?token=([\w-]+)/)[1];
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

await post('/api/v1/accounts', { email: 'bench@example.com', password: 'a long enough password' });
await post('/api/v1/accounts/confirm-email', { token: tokenInMail() });
const checkout = await post('/api/v1/checkouts', { package: 'clinic' });
await post(`/api/v1/sandbox/checkouts/${checkout.id}/pay`, { card_number: '4242424242424242' });

const pdf = readFileSync('end2end/fixtures/ten-pages.pdf');
const previews = [];
const attempts = [];
for (let round = 0; round < rounds; round++) {
  const form = new FormData();
  // A comment at the end: the same bytes would not be converted again.
  const file = new Blob([pdf, `\n% ${round}\n`]);
  form.append('files', file, 'ten-pages.pdf');
  const uploading = performance.now();
  const document = await post('/api/v1/documents', form);
  await (await call('GET', `/api/v1/documents/${document.id}/pages/1.png?resolution=fine`)).arrayBuffer();
  previews.push(performance.now() - uploading);

  const quote = await post('/api/v1/quotes', { document_id: document.id, to: '+15005550001' });
  const fax = await post('/api/v1/faxes', { quote_id: quote.id }, { 'idempotency-key': quote.id });
  for (;;) {
    const [attempt] = (await (await call('GET', `/api/v1/faxes/${fax.id}`)).json()).attempts;
    if (attempt) {
      attempts.push(new Date(attempt.started_at) - new Date(fax.created_at));
      break;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
}
console.log(`| Upload to preview of a 10-page PDF, median of ${rounds} | ${median(previews).toFixed(0)} ms |`);
console.log(`| Accepting a fax to its first attempt, median of ${rounds} | ${median(attempts).toFixed(0)} ms |`);
