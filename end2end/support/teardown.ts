import { rmSync } from 'node:fs';

/** Removes what the server of this run kept. */
export default function teardown() {
  if (process.env.FAXDROID_TEST_DATA) rmSync(process.env.FAXDROID_TEST_DATA, { recursive: true, force: true });
}
