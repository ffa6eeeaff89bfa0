/** Python's grpcio, which is gRPC's C core: the four call modes, compressed or not, with stubs that its own tools generate. */
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'
import { generatePython, PYTHON } from './grpcio-venv.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** The greeter, and what it imports. */
const PROTOS = [
  'greeter/v1/greeter.proto',
  'google/api/annotations.proto',
  'google/api/http.proto',
  'portico/options/v1/options.proto',
]

/**
 * The checks with grpcio.
 *
 * @param metadataTarget where a server sends several binary values of one key: a Unix socket, whose path grpcio makes the authority
 */
export async function grpcioChecks(ground: Ground, metadataTarget: string): Promise<readonly Check[]> {
  const stubs = path.join(ground.folder, 'grpcio')
  await generatePython({ stubs, root: path.join(ROOT, 'proto'), files: PROTOS })
  const modes = ['unary', 'server-stream', 'client-stream', 'bidi-stream']
  const ofModes = modes.flatMap((mode) => [
    check(`${mode} over cleartext`, [ground.cleartext, stubs, mode, 'none']),
    check(`${mode} over cleartext, gzip`, [ground.cleartext, stubs, mode, 'gzip']),
    check(`${mode} over TLS`, [ground.both, stubs, mode, 'none', ground.caFile]),
  ])
  return [
    ...ofModes,
    check('several binary values over a Unix socket', [metadataTarget, stubs, 'binary-metadata', 'none']),
  ]
}

function check(name: string, args: readonly string[]): Check {
  const program = path.join(import.meta.dirname, 'grpcio/client.py')
  return { name: `grpcio: ${name}`, run: () => expectParts(runCommand({ program: PYTHON, args: [program, ...args] })) }
}
