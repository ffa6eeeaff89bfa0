/** Python's grpcio, which is gRPC's C core: the four call modes, compressed or not, with stubs that its own tools generate. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { expectParts, type Ground } from './ground.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const VERSION = '1.80.0'
const VENV = path.join(ROOT, `.cache/grpcio-${VERSION}`)
const PYTHON = path.join(VENV, 'bin/python')
const INSTALLED = path.join(VENV, 'bin/python-grpc-tools-protoc')

/**
 * The checks with grpcio.
 *
 * @param metadataTarget where a server sends several binary values of one key: a Unix socket, whose path grpcio makes the authority
 */
export async function grpcioChecks(ground: Ground, metadataTarget: string): Promise<readonly Check[]> {
  if (!existsSync(INSTALLED)) await install()
  const stubs = path.join(ground.folder, 'grpcio')
  await generateStubs(stubs)
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

async function install(): Promise<void> {
  await runCommand({ program: 'python3', args: ['-m', 'venv', '--clear', VENV] })
  const packages = [`grpcio==${VERSION}`, `grpcio-tools==${VERSION}`]
  await runCommand({ program: PYTHON, args: ['-m', 'pip', 'install', '--quiet', ...packages] })
}

async function generateStubs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const outputs = [`--python_out=${folder}`, `--grpc_python_out=${folder}`]
  const inputs = ['-I', path.join(ROOT, 'proto'), 'greeter/v1/greeter.proto']
  await runCommand({ program: PYTHON, args: ['-m', 'grpc_tools.protoc', ...outputs, ...inputs] })
}

function check(name: string, args: readonly string[]): Check {
  const program = path.join(import.meta.dirname, 'grpcio/client.py')
  return { name: `grpcio: ${name}`, run: () => expectParts(runCommand({ program: PYTHON, args: [program, ...args] })) }
}
