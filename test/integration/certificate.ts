import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { Sandbox } from './sandbox';

/** Writes a self-signed certificate for 127.0.0.1, or other names, `key.pem` and `cert.pem`, into `directory` of the application. */
export function writeCertificate(sandbox: Sandbox, directory: string, names = 'IP:127.0.0.1'): void {
  sandbox.write(`${directory}/key.pem`, '');
  const cwd = dirname(sandbox.path(`${directory}/key.pem`));
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  const certificate = `-days 2 -subj /CN=127.0.0.1 -addext subjectAltName=${names}`;
  execFileSync(
    'openssl',
    ['req', '-x509', ...key.split(' '), ...certificate.split(' '), '-keyout', 'key.pem', '-out', 'cert.pem'],
    { cwd, stdio: 'pipe' },
  );
}
