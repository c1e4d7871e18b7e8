import { ROCKETMQ_VERSIONS, type RocketmqVersion } from '../../fixtures/rocketmq';

/** The oldest and the newest: the protocol of those between is one of theirs. */
const THAT_DIFFER = [ROCKETMQ_VERSIONS[0], ROCKETMQ_VERSIONS.at(-1) as RocketmqVersion];

/**
 * The versions of RocketMQ that the run is for: those that TEST_ROCKETMQ_VERSIONS names, `all` or some (`4.9.7,4.5.2`). Default:
 * the oldest and the newest. A test that needs a certain version takes it all the same.
 *
 * @throws Error that names the known versions when it names another
 */
export function chosenRocketmqVersions(choice = process.env.TEST_ROCKETMQ_VERSIONS): readonly RocketmqVersion[] {
  if (choice === 'all') return ROCKETMQ_VERSIONS;
  return (choice ? choice.split(',') : THAT_DIFFER).map(name => {
    const version = ROCKETMQ_VERSIONS.find(known => known === name);
    if (version === undefined)
      throw new Error(`TEST_ROCKETMQ_VERSIONS=${choice}: expected all, or some of ${ROCKETMQ_VERSIONS.join(', ')}`);
    return version;
  });
}
