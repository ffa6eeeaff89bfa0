/**
 * Writes test/gen: the conformance suite's API, that of the official interoperation tests, and code for test/protos. Run it after a
 * change of the pinned version of either, or of test/protos.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SUITE_MODULE, SUITE_VERSION } from './conformance/suite.ts'
import { runCommand } from './support/command.ts'
import { buildGoProgram, downloadGoModule } from './support/go-tool.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const BIN = path.join(ROOT, 'node_modules/.bin')

await rm(path.join(ROOT, 'test/gen'), { recursive: true, force: true })

const suite = await downloadGoModule(`${SUITE_MODULE}@${SUITE_VERSION}`)
await generate(path.join(suite, 'proto'))

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'descriptors-'))
cleanup.defer(() => rm(folder, { recursive: true }))
const descriptors = path.join(folder, 'testing.binpb')
const program = await buildGoProgram(path.join(import.meta.dirname, 'interop/grpc-go/descriptors'))
await runCommand({ program, args: [descriptors] })
await generate(descriptors)
await runBuf('generate', '--template', 'test/protos/buf.gen.yaml')
const image = ['--as-file-descriptor-set', '--exclude-source-info', '-o', 'test/gen/protobuf/test_messages.binpb']
await mkdir(path.join(ROOT, 'test/gen/protobuf'))
// Apart from test/protos, as `buf lint` refuses message sets.
await runBuf('build', 'test/protobuf', ...image)

/** @param input a folder of protos, or a FileDescriptorSet */
async function generate(input: string): Promise<void> {
  await runBuf('generate', input, '--template', 'test/buf.gen.yaml')
}

async function runBuf(...args: readonly string[]): Promise<void> {
  await runCommand({
    program: path.join(BIN, 'buf'),
    args,
    cwd: ROOT,
    env: { ...process.env, PATH: `${BIN}${path.delimiter}${process.env.PATH}` },
  })
}
