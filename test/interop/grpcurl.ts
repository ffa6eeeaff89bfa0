/** grpcurl, which is grpc-go: reflection, the four call modes, health; cleartext and TLS, also on one port. */

import { runCommand, runFailingCommand } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import { GRPCURL, installGoTool } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'

const GREETER = 'greeter.v1.GreeterService'

/** The checks with grpcurl, once for each way to the server. */
export async function grpcurlChecks(ground: Ground): Promise<readonly Check[]> {
  const program = await installGoTool(GRPCURL)
  return [
    ...checksFor(program, 'cleartext', ['-plaintext'], ground.cleartext),
    ...checksFor(program, 'TLS', ['-cacert', ground.caFile], ground.both),
    ...checksFor(program, 'cleartext on the port of TLS', ['-plaintext'], ground.both),
  ]
}

function checksFor(program: string, way: string, flags: readonly string[], address: string): readonly Check[] {
  const topic = `grpcurl/${way.replaceAll(' ', '-')}`
  const run = (args: readonly string[], input = '') => runCommand({ program, args: [...flags, ...args], input })
  const call = (method: string, ...messages: readonly object[]) =>
    run(['-max-time', '10', '-d', '@', address, method], messages.map((message) => JSON.stringify(message)).join('\n'))
  const publish = (data: string) => call(`${GREETER}/Publish`, { topic, data })
  const check = (name: string, seen: () => Promise<string>, ...parts: readonly string[]): Check => ({
    name: `grpcurl over ${way}: ${name}`,
    run: () => expectParts(seen(), ...parts),
  })
  return [
    check(
      'list',
      () => run([address, 'list']),
      GREETER,
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
    ),
    check('describe', () => run([address, 'describe', GREETER]), 'rpc AllStream ( stream', 'rpc SayHello'),
    check('unary', () => call(`${GREETER}/SayHello`, { name: 'grpcurl' }), '"Hello grpcurl"'),
    check(
      'server stream',
      async () => {
        await publish('first')
        await publish('second')
        return await call(`${GREETER}/GetStream`, { topic, afterSequence: '0', limit: 2 })
      },
      '"first"',
      '"second"',
    ),
    check(
      'client stream',
      () => call(`${GREETER}/PutStream`, { topic, data: 'a' }, { topic, data: 'b' }),
      '"accepted": "2"',
    ),
    check(
      'bidirectional stream',
      () => call(`${GREETER}/AllStream`, { topic, data: 'one' }, { topic, data: 'two' }),
      '"one"',
      '"two"',
    ),
    check('health', () => call('grpc.health.v1.Health/Check', {}), '"SERVING"'),
    check(
      'error',
      () =>
        runFailingCommand({ program, args: [...flags, '-d', '{"topic":"no spaces"}', address, `${GREETER}/Publish`] }),
      'InvalidArgument',
      'topic',
    ),
  ]
}
