import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { Sandbox } from './sandbox';

/** Writes a self-signed certificate for 127.0.0.1, `key.pem` and `cert.pem`, into `directory` of the application. */
export function writeCertificate(sandbox: Sandbox, directory: string): void {
  sandbox.write(`${directory}/key.pem`, '');
  const cwd = dirname(sandbox.path(`${directory}/key.pem`));
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
  execFileSync('openssl', [...request.split(' '), '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd, stdio: 'pipe' });
}
