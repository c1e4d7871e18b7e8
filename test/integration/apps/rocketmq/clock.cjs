// A clock that goes SKIP_MS forward with each SIGUSR2, so that a test need not wait for so long.
const { now } = Date;
let skipped = 0;
Date.now = () => now() + skipped;
process.on('SIGUSR2', () => {
  skipped += Number(process.env.SKIP_MS);
});
