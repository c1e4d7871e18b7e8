/** Before the tests beside Java: the packed package, and the Java applications built. */
import { installJavaApplications } from '../../fixtures/java/install';
import { providePackage } from '../integration/global-setup';

export default async function setup(project: Parameters<typeof providePackage>[0]): Promise<() => void> {
  const remove = await providePackage(project);
  await installJavaApplications(['rocketmq-client 4.9.7', 'rocketmq-client 5.3.1', 'rocketmq-client-java', 'dubbo']);
  return remove;
}
