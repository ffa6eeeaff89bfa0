/** A program that calls a server by a registry, and does not close its transport. */
import path from 'node:path'
import { runCommand } from '../command.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/**
 * Returns what the program prints, once it has ended.
 *
 * @param resolver the module below `registry`, and the name, of the function that creates the resolver
 */
export function callAndLeave(target: string, [module, name]: readonly [string, string]): Promise<string> {
  const program = `
    import { createClient } from '@connectrpc/connect'
    import { createTransport } from '${ROOT}/client/node/transport.ts'
    import { GreeterService } from '${ROOT}/gen/greeter/v1/greeter_pb.js'
    import { ${name} } from '${ROOT}/registry/${module}'
    const transport = createTransport({ target: '${target}', resolvers: [${name}()] })
    console.log((await createClient(GreeterService, transport).sayHello({ name: 'Ada' })).message)
  `
  return runCommand({ program: process.execPath, args: ['--input-type=module', '-e', program], cwd: ROOT })
}
