// Clocks that go SKIP_MS forward with each SIGUSR2, so that a test need not wait for so long.
let skipped = 0;
for (const clock of [Date, performance]) {
  const now = clock.now.bind(clock);
  clock.now = () => now() + skipped;
}
process.on('SIGUSR2', () => {
  skipped += Number(process.env.SKIP_MS);
});
