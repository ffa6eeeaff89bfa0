/** Python with grpcio and its tools, and the protos of OpenTelemetry, installed once beside the checkout's other caches. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../support/command.ts'

const VERSION = '1.80.0'
const OTEL_VERSION = '1.45.2'
const PACKAGES = [
  ...['grpcio', 'grpcio-tools', 'grpcio-reflection'].map((name) => `${name}==${VERSION}`),
  `opentelemetry-proto==${OTEL_VERSION}`,
]
const VENV = path.resolve(import.meta.dirname, `../../.cache/grpcio-${VERSION}-otel-${OTEL_VERSION}`)
const INSTALLED = path.join(VENV, 'bin/python-grpc-tools-protoc')

/** The interpreter, once {@link installPython} or {@link generatePython} has run. */
export const PYTHON = path.join(VENV, 'bin/python')

/** What to generate. */
export interface PythonStubs {
  /** The folder that they are written to. */
  readonly stubs: string
  /** The folder of the .proto files. */
  readonly root: string
  /** Their names below it. */
  readonly files: readonly string[]
}

/** Generates messages and stubs with grpcio's own tools. */
export async function generatePython({ stubs, root, files }: PythonStubs): Promise<void> {
  await installPython()
  await mkdir(stubs, { recursive: true })
  const outputs = [`--python_out=${stubs}`, `--grpc_python_out=${stubs}`]
  await runCommand({ program: PYTHON, args: ['-m', 'grpc_tools.protoc', ...outputs, '-I', root, ...files] })
}

/** Installs Python's packages unless they are there. */
export async function installPython(): Promise<void> {
  if (existsSync(INSTALLED)) return
  await runCommand({ program: 'python3', args: ['-m', 'venv', '--clear', VENV], timeoutMs: 300_000 })
  const args = ['-m', 'pip', 'install', '--quiet', ...PACKAGES]
  await runCommand({ program: PYTHON, args, timeoutMs: 300_000 })
}
