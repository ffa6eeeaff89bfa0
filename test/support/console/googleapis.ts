/** A part of the APIs of Google, with more than 200 services: from the protos of a package, which is fetched once. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { type ForeignApi, startForeignApi } from './foreign-api.ts'

/** To take another version, change it, and set what `npm view google-proto-files@VERSION dist.integrity` prints. */
const VERSION = '6.0.1'
const INTEGRITY = 'sha512-fbvUWVNh3rKGlVFWwlUNF7Sk1Tah0a89q02rLTXsWjbKKHGeuURAa8tl9rvu5TyWny1YiSIo5eDqF260Tai6vQ=='

/** The folders whose services are served. */
const FOLDERS = [
  'google/cloud/aiplatform/v1',
  'google/cloud/bigquery',
  'google/cloud/dataplex/v1',
  'google/cloud/dialogflow/cx/v3',
  'google/cloud/dialogflow/v2',
  'google/cloud/discoveryengine/v1',
  'google/cloud/kms/v1',
  'google/cloud/retail/v2',
  'google/cloud/run/v2',
  'google/cloud/sql/v1',
  'google/devtools/artifactregistry',
  'google/devtools/cloudbuild',
  'google/devtools/testing',
  'google/iam',
  'google/logging',
  'google/longrunning',
  'google/monitoring/v3',
  'google/pubsub',
  'google/spanner',
  'google/storage',
]

const ROOT = path.resolve(import.meta.dirname, '../../..')
const CACHE = path.join(ROOT, '.cache')
const CONTENT = createHash('sha256')
  .update([INTEGRITY, ...FOLDERS].join())
  .digest('hex')
  .slice(0, 8)
const IMAGE = path.join(CACHE, `googleapis-${CONTENT}.binpb`)

const run = promisify(execFile)

/** Starts it. It is drained when the running test ends. The first run of a machine downloads the protos, and compiles them. */
export async function startGoogleApis(): Promise<ForeignApi> {
  if (!existsSync(IMAGE)) await buildImage()
  const { file } = fromBinary(FileDescriptorSetSchema, await readFile(IMAGE))
  // Some of their HTTP bindings match the same requests.
  return startForeignApi(file, { console: { title: 'Google APIs' }, rest: false })
}

async function buildImage(): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const ground = await mkdtemp(path.join(CACHE, 'googleapis-'))
  try {
    await run('npm', ['pack', `google-proto-files@${VERSION}`, '--silent', '--pack-destination', ground])
    const tarball = path.join(ground, `google-proto-files-${VERSION}.tgz`)
    assertIntegrity(await readFile(tarball))
    await run('tar', ['-xzf', tarball, '-C', ground, 'package/google', 'package/grafeas'])
    const image = path.join(ground, 'image.binpb')
    const paths = FOLDERS.flatMap((folder) => ['--path', folder])
    await run(
      path.join(ROOT, 'node_modules/.bin/buf'),
      ['build', '.', ...paths, '--as-file-descriptor-set', '-o', image],
      { cwd: path.join(ground, 'package') },
    )
    await rename(image, IMAGE)
  } finally {
    await rm(ground, { recursive: true })
  }
}

function assertIntegrity(tarball: Buffer): void {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  if (integrity !== INTEGRITY)
    throw new Error(`google-proto-files ${VERSION} has the hash ${integrity}, not ${INTEGRITY}`)
}
