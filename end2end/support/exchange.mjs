// The server on real telephone lines: one Asterisk of ours and one that plays the carrier with a fax machine behind it, on
// addresses of loopback, and a page of our own to ask them for something.
//
//   POST /numbers?number=+1…&email=…   assigns the number by the operator's command
//   POST /calls?number=+1…             has the fax machine send its letter there
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const [server, listen, control] = process.argv.slice(2);
const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '..', '..');
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const installed = process.env.ASTERISK_FOLDER ?? join(cache, 'faxdroid', 'asterisk');
const folder = mkdtempSync(join(tmpdir(), 'faxdroid-exchange-'));
const secret = 'of these tests';
const letter = join(folder, 'letter.tif');
const ours = { name: 'ours', address: '127.62.0.1' };
const carrier = { name: 'carrier', address: '127.62.0.2' };
const children = [];

/** What the server of one side, and the command that configures its Asterisk, are told. */
const settings = ({ name, address }, peer) => ({
  ...process.env,
  FAXDROID_LISTEN: listen,
  FAXDROID_INTERNAL_LISTEN: '127.0.0.1:0',
  FAXDROID_PUBLIC_URL: `http://${listen}`,
  FAXDROID_DATA_DIR: join(folder, 'data'),
  FAXDROID_LOG: 'warn',
  FAXDROID_LINE__KIND: 'asterisk',
  FAXDROID_LINE__ASTERISK__AMI: `${address}:5038`,
  FAXDROID_LINE__ASTERISK__AMI_SECRET: secret,
  FAXDROID_LINE__ASTERISK__HOME: join(folder, name),
  FAXDROID_LINE__ASTERISK__MODULES: join(installed, 'usr/lib/x86_64-linux-gnu/asterisk/modules'),
  FAXDROID_LINE__ASTERISK__DATA: join(installed, 'usr/share/asterisk'),
  FAXDROID_LINE__ASTERISK__TRUNK__HOST: peer.address,
  FAXDROID_LINE__ASTERISK__TRUNK__BIND: `${address}:5060`,
  FAXDROID_LINE__ASTERISK__TRUNK__MEDIA_ADDRESS: address,
  FAXDROID_LINE__ASTERISK__TRUNK__QUALIFY: '0s',
});

function start(program, args, options) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  children.push(child);
  return child;
}

/** One side's Asterisk, run by its own loader; resolves when it is ready. */
async function asterisk(side, peer, extensions) {
  const etc = join(folder, `${side.name}-etc`);
  await run(server, ['asterisk-config', etc], { env: settings(side, peer) });
  if (extensions) writeFileSync(join(etc, 'extensions.conf'), extensions);
  const library = join(installed, 'usr/lib/x86_64-linux-gnu');
  const program = join(installed, 'usr/sbin/asterisk');
  const child = start(join(installed, 'usr/lib64/ld-linux-x86-64.so.2'), [
    '--library-path', library, program, '-f', '-C', join(etc, 'asterisk.conf'),
  ]);
  await new Promise((ready, failed) => {
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
      if (said.includes('Asterisk Ready.')) ready();
    });
    child.on('exit', () => failed(new Error(`Asterisk did not start:\n${said}`)));
  });
}

/** Actions for the carrier's manager, one connection each time. */
function originate(fields) {
  const action = (pairs) => `${pairs.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`;
  return new Promise((done, failed) => {
    const socket = connect(5038, carrier.address, () => {
      socket.write(action([['Action', 'Login'], ['Username', 'faxdroid'], ['Secret', secret]]));
      socket.write(action([['Action', 'Originate'], ['ActionID', 'call'], ...fields]));
    });
    let said = '';
    socket.on('error', failed);
    socket.on('data', (text) => {
      said += text;
      const answer = said.split('\r\n\r\n').find((message) => message.includes('ActionID: call'));
      if (!answer) return;
      socket.end();
      if (answer.includes('Response: Success')) done();
      else failed(new Error(answer));
    });
  });
}

async function answer(path, parameters) {
  const number = parameters.get('number');
  if (path === '/numbers') {
    await run(server, ['assign-number', number, parameters.get('email')], { env: settings(ours, carrier) });
  } else if (path === '/calls') {
    await originate([
      ['Channel', `PJSIP/${number}@trunk`], ['Context', 'fax-to-us'], ['Exten', 'send'], ['Priority', '1'], ['Async', 'true'],
      ['CallerID', '+12025550100'], ['Variable', `FAXFILE=${letter}`], ['Variable', 'FAXSTATION=+1 202 555 0100'],
    ]);
  }
}

function end() {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}
process.on('SIGTERM', end);
process.on('SIGINT', end);

const received = join(folder, 'received');
mkdirSync(received);
// Without a font of its own ImageMagick takes one that not every machine has.
const font = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';
const page = (text) => ['(', '-size', '1728x2156', 'xc:white', '-font', font, '-pointsize', '120', '-annotate', '+200+400', text, ')'];
await run('convert', [
  '-density', '204x196', '-units', 'PixelsPerInch', ...page('The first page'), ...page('The second page'),
  '-monochrome', '-compress', 'Group4', letter,
]);
const telephones = readFileSync(join(repository, 'server/tests/line/carrier/extensions.conf'), 'utf8');
try {
  await asterisk(carrier, ours, telephones.replace('@RECEIVED@', received));
  await asterisk(ours, carrier);
} catch (error) {
  console.error(error);
  end();
}
start(server, [], { cwd: repository, env: settings(ours, carrier) });
createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  answer(pathname, searchParams).then(
    () => response.writeHead(204).end(),
    (error) => response.writeHead(500).end(String(error)),
  );
}).listen(Number(control.split(':')[1]), '127.0.0.1');
