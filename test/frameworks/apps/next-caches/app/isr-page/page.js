import { answer } from '../../upstream';

export const revalidate = 1;

export default async function Page() {
  return <p>{await answer()}</p>;
}
