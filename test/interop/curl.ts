/** curl: JSON over both HTTP versions, cleartext and TLS. */

import { runCommand } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'

const HELLO = '/greeter.v1.GreeterService/SayHello'
const JSON_BODY = ['-H', 'content-type: application/json', '-d', '{"name":"curl"}']
const GREETING = '"Hello curl"'

/** The checks with curl. */
export function curlChecks({ cleartext, both, caFile }: Ground): readonly Check[] {
  const open = `http://${cleartext}`
  const query = `?connect=v1&encoding=json&message=${encodeURIComponent('{"name":"curl"}')}`
  return [
    check('JSON POST', [...JSON_BODY, open + HELLO], GREETING, '200 HTTP/1.1'),
    check(
      'JSON POST, HTTP/2 in cleartext',
      ['--http2-prior-knowledge', ...JSON_BODY, open + HELLO],
      GREETING,
      '200 HTTP/2',
    ),
    check('GET', [open + HELLO + query], GREETING, '200'),
    check('unknown path', [`${open}/nowhere`], '404'),
    check('unknown method', [...JSON_BODY, '-H', 'connect-protocol-version: 1', `${open}/a.B/C`], 'unimplemented'),
    check('bad request', [...JSON_BODY, `${open}/greeter.v1.GreeterService/Publish`], 'invalid_argument', '400'),
    check('TLS, HTTP/2', ['--cacert', caFile, ...JSON_BODY, `https://${both}${HELLO}`], GREETING, '200 HTTP/2'),
    check(
      'TLS, HTTP/1.1',
      ['--cacert', caFile, '--http1.1', ...JSON_BODY, `https://${both}${HELLO}`],
      GREETING,
      '200 HTTP/1.1',
    ),
    check('cleartext on the port of TLS', [...JSON_BODY, `http://${both}${HELLO}`], GREETING, '200 HTTP/1.1'),
  ]
}

function check(name: string, args: readonly string[], ...parts: readonly string[]): Check {
  const report = ['-sS', '-w', '\n%{http_code} HTTP/%{http_version}\n']
  return {
    name: `curl: ${name}`,
    run: () => expectParts(runCommand({ program: 'curl', args: [...report, ...args] }), ...parts),
  }
}
