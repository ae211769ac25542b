import type { FullConfig, FullResult, Reporter, Suite, TestError } from '@playwright/test/reporter';
import { writeFileSync } from 'node:fs';

/** Ends the run with one plain line of counts, or leaves it in the file that END2END_COUNTS names. */
export default class ClosingLine implements Reporter {
  private suite?: Suite;
  private errors = 0;

  onBegin(_config: FullConfig, suite: Suite) {
    this.suite = suite;
  }

  /** Of no test: the server did not start, a file does not compile. */
  onError(_error: TestError) {
    this.errors += 1;
  }

  onEnd(result: FullResult) {
    const outcomes = this.suite?.allTests().map((test) => (test.results.length ? test.outcome() : 'skipped')) ?? [];
    const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
    const skipped = count('skipped');
    let failed = count('unexpected') + this.errors;
    if (result.status !== 'passed' && failed === 0) failed = 1;
    const passed = count('expected') + count('flaky');
    const line = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}\n`;
    if (process.env.END2END_COUNTS) writeFileSync(process.env.END2END_COUNTS, line);
    else process.stdout.write(`\n${line}`);
  }

  printsToStdio() {
    return false;
  }
}
