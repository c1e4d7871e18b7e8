import { answer } from '../upstream';

export async function getStaticProps() {
  return { props: { text: await answer() }, revalidate: 1 };
}

export default function Page({ text }) {
  return <p>{text}</p>;
}
