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
import { installGoTool } from '../support/go-tool.ts'
import { runChecks } from '../support/run-checks.ts'
import { CreatedProject, installNode, packTarball } from './created-project.ts'
import { pageChecks } from './page-checks.ts'
import { serviceChecks } from './service-checks.ts'

const { values } = parseArgs({ options: { node: { type: 'string' } } })
const ROOT = path.resolve(import.meta.dirname, '../..')

await using cleanup = new AsyncDisposableStack()
const ground = await mkdtemp(path.join(tmpdir(), 'portico-create-'))
cleanup.defer(() => rm(ground, { recursive: true }))
const tarballs = {
  creator: await packTarball(path.join(ROOT, 'create'), ground),
  portico: process.env.PORTICO_PACKAGE ?? (await packTarball(ROOT, ground)),
}
const grpcurl = await installGoTool({ package: 'github.com/fullstorydev/grpcurl/cmd/grpcurl', version: 'v1.9.3' })

const nodeFolder =
  values.node === undefined ? path.dirname(process.execPath) : await installNode(values.node, path.join(ground, 'node'))

const service = new CreatedProject({ cwd: ground, folder: 'web-shop', tarballs, nodeFolder })
// Created without a name, in a folder that is empty.
const paged = new CreatedProject({ cwd: path.join(ground, 'guests'), folder: '.', tarballs, nodeFolder })
await mkdir(paged.folder)

await runChecks([...serviceChecks(service, grpcurl), ...pageChecks(paged)])
