/** What a process tells of itself, where its status socket can be reached from where the page is served. */
import { html, setText } from './elements';
import { processOf } from './words';

/** A click on a member of a group that runs on this machine asks it. */
export function watchMembers(lanes: HTMLElement, dialog: HTMLDialogElement): void {
  const [title, text, close] = [html('h2'), html('pre'), html('button', '', 'close')];
  close.addEventListener('click', () => dialog.close());
  dialog.append(title, text, close);
  lanes.addEventListener('click', ({ target }) => {
    const button = (target as Element).closest<HTMLButtonElement>('button.member');
    const pid = button === null ? undefined : processOf(button.title)?.pid;
    if (pid) void show(pid);
  });

  async function show(pid: string): Promise<void> {
    setText(title, `process ${pid}`);
    setText(text, 'asking');
    dialog.showModal();
    setText(text, await told(pid));
  }
}

async function told(pid: string): Promise<string> {
  try {
    const response = await fetch(`/process/${pid}`);
    return await response.text();
  } catch {
    return 'the page is not served any more';
  }
}
