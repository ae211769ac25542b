// The package under AWS's own Node.js runtime client: what Lambda@Edge runs, as far as it can be run here.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { Environment, originRequest, remove, target, unpack } from './environment.mjs';

const PAGES = ['/', '/pricing', '/send', '/faxes', '/credits', '/faq', '/developers', '/terms', '/privacy', '/sign-in'];
/** Stands between a program and the clock: Debian's libfaketime. */
const FAKE_CLOCK = ['/usr/lib/x86_64-linux-gnu/faketime', '/usr/lib64/faketime', '/usr/lib/faketime']
  .map((folder) => join(folder, 'libfaketimeMT.so.1'))
  .find(existsSync);
/** A Node.js older than 22.15, which has no execve. */
const WITHOUT_EXECVE = ['--import', 'data:text/javascript,process.execve=undefined'];

let folder;
before(() => (folder = unpack()));
after(() => remove(folder));

async function within(environment, use) {
  try {
    await use(environment);
  } catch (error) {
    error.message += `\nThe function said:\n${environment.output}`;
    throw error;
  } finally {
    await environment.stop();
  }
}

for (const [how, flags] of [['execve', []], ['spawnSync', WITHOUT_EXECVE]]) {
  describe(`handed over by ${how}`, () => {
    test('the native program asks for events and answers thousands of them', async () => {
      await within(await Environment.start(folder, { flags }), async (environment) => {
        for (let round = 0; round < 3_000; round++) {
          const uri = PAGES[round % PAGES.length];
          const { response } = await environment.api.invoke(originRequest(uri));
          assert.equal(response.status, '200', uri);
          assert.ok(response.body.endsWith('</html>'), uri);
          assert.ok(response.body.includes(`<link rel="canonical" href="https://www.faxdroid.com${uri}"`), uri);
        }
        assert.match(environment.api.client, /^aws-lambda-rust/);
        assert.equal(environment.processes.length, how === 'execve' ? 1 : 2);
      });
    });
  });
}

test('files and the API are passed on, unknown paths are pages, compressed bodies are base64', async () => {
  await within(await Environment.start(folder), async ({ api }) => {
    const event = originRequest('/api/v1/me');
    assert.deepEqual((await api.invoke(event)).response, event.Records[0].cf.request);
    assert.equal((await api.invoke(originRequest('/no/such/page'))).response.status, '404');
    const { response } = await api.invoke(originRequest('/', { headers: { 'Accept-Encoding': 'br,gzip' } }));
    assert.equal(response.bodyEncoding, 'base64');
    assert.match(brotliDecompressSync(Buffer.from(response.body, 'base64')).toString(), /^<!DOCTYPE html>/);
  });
});

test('pages load the hashed files that were released with them', async () => {
  await within(await Environment.start(folder), async ({ api }) => {
    const { response } = await api.invoke(originRequest('/send'));
    for (const kind of ['css', 'js', 'wasm']) assert.match(response.body, new RegExp(`/pkg/faxdroid\\.[\\w-]{8,}\\.${kind}"`));
  });
});

test('a page loads the files of the release that rendered it, whatever has been released since', async () => {
  const last = unpack();
  writeFileSync(join(last, 'hash.txt'), 'js: lastjs00\nwasm: lastwasm\ncss: lastcss0\n');
  await within(await Environment.start(last), async ({ api }) => {
    const { response } = await api.invoke(originRequest('/send'));
    const files = new Set(response.body.match(/\/pkg\/[^"]+/g));
    assert.deepEqual(
      [...files].sort(),
      ['/pkg/faxdroid.lastcss0.css', '/pkg/faxdroid.lastjs00.js', '/pkg/faxdroid.lastwasm.wasm'],
    );
  });
  remove(last);
});

test('an event of another service is reported as an error and the next event is answered', async () => {
  await within(await Environment.start(folder), async ({ api }) => {
    const { error, errorType } = await api.invoke({ Records: [{ eventSource: 'aws:sqs' }] });
    assert.ok(error.errorMessage && error.errorType, JSON.stringify(error));
    assert.match(errorType, /unhandled/i);
    assert.ok((await api.invoke('not even JSON')).error);
    assert.equal((await api.invoke(originRequest('/'))).response.status, '200');
  });
});

test('a panic in a page is a page with status 500 and the next request works', async () => {
  const broken = unpack();
  // The same program with a page that panics.
  copyFileSync(join(target, 'release/examples/panicking_page'), join(broken, 'bootstrap'));
  chmodSync(join(broken, 'bootstrap'), 0o755);
  await within(await Environment.start(broken), async ({ api }) => {
    for (let round = 0; round < 20; round++) {
      const { response } = await api.invoke(originRequest('/pricing'));
      assert.equal(response.status, '500');
      assert.equal(response.headers['cache-control'][0].value, 'no-store');
      assert.match(response.body, /<h1/);
      assert.equal((await api.invoke(originRequest('/faq'))).response.status, '200');
    }
  });
  remove(broken);
});

test('frozen and thawed between events, as Lambda does, it goes on', async () => {
  await within(await Environment.start(folder), async (environment) => {
    for (let round = 0; round < 5; round++) {
      assert.equal((await environment.api.invoke(originRequest('/'))).response.status, '200');
      environment.signal('SIGSTOP');
      const answer = environment.api.invoke(originRequest('/pricing'));
      assert.equal(await Promise.race([answer, sleep(300, 'frozen')]), 'frozen');
      environment.signal('SIGCONT');
      assert.equal((await answer).response.status, '200');
    }
  });
});

test('deadlines that jump with the clock do not matter', async () => {
  await within(await Environment.start(folder), async ({ api }) => {
    for (const deadline of [0, Date.now() - 86_400_000, Date.now() + 86_400_000, 4_102_444_800_000]) {
      assert.equal((await api.invoke(originRequest('/'), { deadline })).response.status, '200', String(deadline));
    }
  });
});

test('clocks that jump ahead and back while it runs do not matter', async () => {
  const dynamic = unpack();
  // The same program linked dynamically, so that a library can stand between it and the clock.
  copyFileSync(join(target, 'release/examples/panicking_page'), join(dynamic, 'bootstrap'));
  const clock = join(dynamic, 'clock');
  writeFileSync(clock, '+0');
  const variables = { LD_PRELOAD: FAKE_CLOCK, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1' };
  await within(await Environment.start(dynamic, { variables }), async (environment) => {
    for (const jump of ['+0', '+90s', '+1h', '-1h', '+365d', '-365d', '+0']) {
      writeFileSync(clock, jump);
      for (const uri of PAGES.filter((uri) => uri !== '/pricing')) {
        assert.equal((await environment.api.invoke(originRequest(uri))).response.status, '200', `${uri} ${jump}`);
      }
    }
    assert.match(readFileSync(`/proc/${environment.pid}/maps`, 'utf8'), /libfaketime/);
    assert.match(environment.api.client, /^aws-lambda-rust/);
  });
  remove(dynamic);
});

test('memory does not grow over 50,000 renders and stays under 128 MB', async () => {
  await within(await Environment.start(folder), async (environment) => {
    const render = async (times) => {
      for (let round = 0; round < times; round++) {
        const headers = round % 2 ? { 'Accept-Encoding': 'br' } : {};
        const { response } = await environment.api.invoke(originRequest(PAGES[round % PAGES.length], { headers }));
        assert.equal(response.status, '200');
      }
      return environment.memory('VmRSS');
    };
    const early = await render(5_000);
    const late = await render(45_000);
    assert.ok(late - early < 2_048, `${early} kB after 5,000 renders, ${late} kB after 50,000`);
    assert.ok(environment.memory('VmHWM') < 128 * 1024);
  });
});

test('without its program the function ends with an error instead of hanging', async () => {
  const empty = unpack();
  rmSync(join(empty, 'bootstrap'));
  const environment = await Environment.start(empty);
  assert.notEqual((await environment.ended).code, 0);
  assert.match(environment.output, /ENOENT/);
  await environment.stop();
  remove(empty);
});
