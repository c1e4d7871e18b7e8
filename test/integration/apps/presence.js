// Announces what it is told to, as the agent does, and says so; takes it back at SIGUSR2.
const { presence: file, servers, announce } = JSON.parse(process.env.APP);
const presence = require(file).sharedPresence(servers);

// What it does keeps no process alive.
setInterval(() => {}, 60_000);

(async () => {
  const [kind, ...args] = announce;
  const announcement = await presence[kind](...args);
  console.log(JSON.stringify({ announced: announcement.refusal ?? true }));
  process.once('SIGUSR2', async () => {
    await announcement.withdraw();
    console.log('withdrawn');
  });
})();
