/**
 * Creates a project from each template, as a user does: from packed tarballs of create-portico and portico, by npm. Then
 * tests, runs, calls and changes it.
 *
 * `--node VERSION` runs the projects on another Node; `PORTICO_PACKAGE=FILE.tgz` tests that tarball instead of packing one.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { GRPCURL, installGoTool } from '../support/go-tool.ts'
import { nodeFolder, packTarball } from '../support/npm.ts'
import { runChecks } from '../support/run-checks.ts'
import { CreatedProject } from './created-project.ts'
import { pageChecks } from './page-checks.ts'
import { serviceChecks } from './service-checks.ts'

const { values } = parseArgs({ options: { node: { type: 'string' } } })
const ROOT = path.resolve(import.meta.dirname, '../..')
/** Some checks install packages. */
const CHECK_TIMEOUT_MS = 600_000

await using cleanup = new AsyncDisposableStack()
const ground = await mkdtemp(path.join(tmpdir(), 'portico-create-'))
cleanup.defer(() => rm(ground, { recursive: true }))
const tarballs = {
  creator: await packTarball(path.join(ROOT, 'create'), ground),
  portico: process.env.PORTICO_PACKAGE ?? (await packTarball(ROOT, ground)),
}
const grpcurl = await installGoTool(GRPCURL)
const common = { tarballs, nodeFolder: await nodeFolder(values.node) }

const service = new CreatedProject({ ...common, cwd: ground, folder: 'web-shop' })
// Created without a name, in a folder that is empty.
const paged = new CreatedProject({ ...common, cwd: path.join(ground, 'guests'), folder: '.' })
await mkdir(paged.folder)

await runChecks([...serviceChecks(service, grpcurl), ...pageChecks(paged)], { timeoutMs: CHECK_TIMEOUT_MS })
