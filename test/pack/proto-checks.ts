/** The protos that the package publishes, imported by the proto of a user. */
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { check, expectOutput } from './checks.ts'
import { BIN, type Project } from './project.ts'

const PROGRAM = 'requirements/main.mts'
const ENDS = 'REST 200, ok, Unauthenticated, PermissionDenied, ok; with the descriptor of the package\n'

export function protoChecks(server: Project): readonly Check[] {
  return [
    check('buf generates code from a proto that states who may call, and the server enforces it', async () => {
      const buf = server.command(path.join(BIN, 'buf'), 'generate')
      await runCommand({ ...buf, env: { ...buf.env, PATH: `${BIN}${path.delimiter}${process.env.PATH}` } })
      await expectOutput(server.command('node', PROGRAM), ENDS)
    }),
    check('the published proto resolves by its name', async () => {
      const program = `for (const name of ['options/v1/options.proto', 'google/api/annotations.proto'])
        console.log(import.meta.resolve('portico/' + name).split('/portico/').slice(1).join('/portico/'))`
      const node = server.command('node', '--input-type=module', '--eval', program)
      await expectOutput(node, 'dist/proto/portico/options/v1/options.proto\ndist/proto/google/api/annotations.proto\n')
    }),
  ]
}
