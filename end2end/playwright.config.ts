import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defineConfig } from '@playwright/test';

const repository = resolve(import.meta.dirname, '..');
const target = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');
const address = '127.0.0.1:3100';
const withoutRenderer = '127.0.0.1:3110';
/** The whole shape (infra/stack): its site, and the page that shows its components. */
const shape = { site: 'https://www.faxdroid.localhost:3143', status: (process.env.END2END_STATUS ??= 'http://127.0.0.1:3140') };
/** A site that is there already; without one the tests start their own. */
const deployed = process.env.FAXDROID_SITE;
const data = (process.env.END2END_DATA_DIR ??= temporaryFolder());

/** One for the whole run: workers read this file too and find the variable set. Gone after the server has ended. */
function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'faxdroid-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export default defineConfig({
  testDir: 'tests',
  ...(deployed && { testMatch: 'deployed.spec.ts' }),
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./support/closing_line.ts']],
  use: {
    baseURL: deployed ?? `http://${address}`,
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    // First, for its tests wait for one another, and the others' do not.
    {
      name: 'whole shape',
      testMatch: 'whole_shape.spec.ts',
      use: { viewport: { width: 1280, height: 800 }, baseURL: shape.site, ignoreHTTPSErrors: true },
    },
    {
      name: 'desktop',
      testIgnore: ['*.no-scripts.spec.ts', 'fallback.spec.ts', 'whole_shape.spec.ts'],
      use: { viewport: { width: 1280, height: 800 } },
    },
    {
      name: 'phone',
      testIgnore: ['*.no-scripts.spec.ts', 'fallback.spec.ts', 'whole_shape.spec.ts'],
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    },
    {
      name: 'no scripts',
      testMatch: '*.no-scripts.spec.ts',
      use: { viewport: { width: 1280, height: 800 }, javaScriptEnabled: false },
    },
    {
      name: 'fallback',
      testMatch: 'fallback.spec.ts',
      use: { viewport: { width: 1280, height: 800 }, baseURL: `http://${withoutRenderer}` },
    },
  ],
  webServer: deployed ? [] : [
    {
      command: join(target, 'release', 'faxdroid-server'),
      cwd: repository,
      url: `http://${address}/api/v1/health`,
      stdout: 'ignore',
      stderr: 'pipe',
      gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
      env: {
        FAXDROID_LISTEN: address,
        FAXDROID_INTERNAL_LISTEN: '127.0.0.1:3102',
        FAXDROID_PUBLIC_URL: `http://${address}`,
        FAXDROID_DATA_DIR: data,
        // A call takes a second, a retry follows within two, and the last one leaves time to cancel before it.
        FAXDROID_LINE__TIME_SCALE: '0.03',
        FAXDROID_RETRY__DELAYS: '["30s","30s","30s","8m"]',
        FAXDROID_WORKERS__POLL: '100ms',
        FAXDROID_WORKERS__SWEEP: '500ms',
        FAXDROID_LOG: 'warn',
      },
    },
    {
      command: ['node', 'support/failing_renderer.mjs', withoutRenderer.split(':')[1], `http://${address}`, join(target, 'fallback')].join(' '),
      url: `http://${withoutRenderer}/fallback/index.html`,
      stdout: 'ignore',
      stderr: 'pipe',
    },
    {
      command: [
        join(target, 'debug', 'faxdroid-stack'), '--target', target, '--https-port 3143 --http-port 3142 --aws-port 3141 --status-port 3140',
      ].join(' '),
      cwd: repository,
      url: `${shape.status}/health`,
      timeout: 180_000,
      stdout: 'ignore',
      stderr: 'pipe',
      gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
    },
  ],
});
