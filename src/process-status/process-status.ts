/**
 * `rocketmq-gray status PID`: what one process tells of itself, by the socket that it opens where `GRAY_STATUS` says so.
 * Loaded by the command line only.
 */
import { connect } from 'node:net';
import { findSockets, threadSockets } from './find-process';
import { type ProcessReport, REPORT_FORMAT } from './process-report';
import { processReportText } from './process-report-text';

/** How long a process may take to answer, in ms: it may be at work. */
const ANSWER_MS = 10_000;

/**
 * Prints the state of one process to standard output: for people, or with `json` the document as it came, on one line.
 *
 * @param target a process id; or the path of a socket, or of a directory that has a single one
 * @returns the exit code: 0; 2 when nobody could be asked, which standard error then says
 */
export async function showProcessStatus(target: string, { json }: { json: boolean }): Promise<number> {
  const { text, isTold } = await processStatusText(target, { json });
  if (isTold) process.stdout.write(text);
  else process.stderr.write(`rocketmq-gray: ${text}\n`);
  return isTold ? 0 : 2;
}

/** The same as a text; or why nobody could be asked. */
export async function processStatusText(
  target: string,
  { json }: { json: boolean } = { json: false },
): Promise<{ readonly text: string; readonly isTold: boolean }> {
  const { sockets, pid, hint } = findSockets(target);
  let problem = hint;
  for (const socket of sockets) {
    try {
      const text = await ask(socket);
      const report = JSON.parse(text) as ProcessReport;
      if (report.format !== REPORT_FORMAT) {
        problem = `${socket} answers in a format that this version does not know (of rocketmq-gray ${report.version})`;
        continue;
      }
      // The path may have been taken by another process before this one came.
      if (pid !== undefined && report.process.pid !== pid) continue;
      const threads = report.process.thread === 0 ? threadSockets(socket, report.process.pid) : [];
      return { text: json ? `${text.trim()}\n` : processReportText(report, threads), isTold: true };
    } catch (error) {
      problem = `${hint} (${socket}: ${(error as Error).message})`;
    }
  }
  return { text: problem, isTold: false };
}

/** What is said at a socket, to its end. */
function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.once('error', reject);
    socket.once('end', () => resolve(text));
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed'));
    });
  });
}
