/** Writes test/gen from the protos of the pinned conformance suite. Run it after a change of the suite's version. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { downloadGoModule } from '../support/go-tool.ts'
import { SUITE_MODULE, SUITE_VERSION } from './suite.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const BIN = path.join(ROOT, 'node_modules/.bin')

const sources = await downloadGoModule(`${SUITE_MODULE}@${SUITE_VERSION}`)
execFileSync(
  path.join(BIN, 'buf'),
  ['generate', path.join(sources, 'proto'), '--template', 'test/conformance/buf.gen.yaml'],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, PATH: `${BIN}${path.delimiter}${process.env.PATH}` } },
)
