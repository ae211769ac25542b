// Lambda@Edge starts Node.js and loads this module. It hands the environment over to the native program beside it, which
// asks the Lambda Runtime API for events itself; Node.js never asks. A module that imports nothing loads soonest.
const bootstrap = `${import.meta.dirname}/bootstrap`;

// From Node.js 22.15 on: nothing of Node.js stays in memory. When there is nothing to execute it says so and ends.
process.execve?.(bootstrap, [bootstrap], process.env);

const { spawnSync } = await import('node:child_process');
const { error, status } = spawnSync(bootstrap, { stdio: 'inherit' });
if (error) throw error;
process.exit(status ?? 1);
