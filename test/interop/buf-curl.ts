/** buf curl, which is connect-go: the three protocols, with the schema from proto/ and by reflection. */
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const SCHEMAS: Readonly<Record<string, readonly string[]>> = {
  'by reflection': [],
  'with the schema': ['--schema', path.join(ROOT, 'proto')],
}

/** The checks with buf curl. */
export function bufCurlChecks(ground: Ground): readonly Check[] {
  return ['grpc', 'grpcweb', 'connect'].flatMap((protocol) =>
    Object.entries(SCHEMAS).flatMap(([how, schema]) => [
      {
        name: `buf curl, ${protocol}, ${how}: unary`,
        run: () =>
          expectParts(
            bufCurl(ground, [...schema, '--protocol', protocol], 'SayHello', '{"name":"buf"}'),
            '"Hello buf"',
          ),
      },
      {
        name: `buf curl, ${protocol}, ${how}: bidirectional stream`,
        run: () => {
          const topic = `buf/${protocol}`
          const messages = `{"topic":"${topic}","data":"one"}\n{"topic":"${topic}","data":"two"}`
          return expectParts(
            bufCurl(ground, [...schema, '--protocol', protocol], 'AllStream', messages),
            '"one"',
            '"two"',
          )
        },
      },
    ]),
  )
}

function bufCurl({ cleartext }: Ground, flags: readonly string[], method: string, input: string): Promise<string> {
  const url = `http://${cleartext}/greeter.v1.GreeterService/${method}`
  const program = path.join(ROOT, 'node_modules/.bin/buf')
  return runCommand({ program, args: ['curl', '--http2-prior-knowledge', ...flags, '-d', '@-', url], input })
}
