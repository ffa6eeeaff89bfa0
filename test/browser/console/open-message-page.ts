/** Opens the request editor alone in a browser, with the headers that the console is served with. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { create, type DescFile, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { onTestFinished } from 'vitest'
import { PAGE_HEADERS } from '../../../server/console/page-files.ts'
import { type OpenPageOptions, openPage } from '../open-page.ts'

const FOLDER = path.join(import.meta.dirname, 'message-page')
const CONFIG = path.resolve(import.meta.dirname, '../../../console/app/vite.config.ts')
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

let building: Promise<string> | undefined

async function buildPage(): Promise<string> {
  const outDir = await mkdtemp(path.join(tmpdir(), 'portico-message-page-'))
  await build({ configFile: CONFIG, root: FOLDER, logLevel: 'warn', build: { outDir, emptyOutDir: true } })
  return outDir
}

export interface MessagePageOptions extends Omit<OpenPageOptions, 'path' | 'view'> {
  /** The name of the message. */
  readonly type: string
  readonly descriptors: FileDescriptorSet
  /** Paths of files that the server refuses. Default: none. */
  readonly refused?: RegExp
}

export async function openMessagePage(browser: Browser, options: MessagePageOptions): Promise<Page> {
  const { type, descriptors, refused, ...pageOptions } = options
  building ??= buildPage()
  const folder = await building
  const server = createServer(async (request, response) => {
    const name = request.url === '/' ? '/index.html' : (request.url ?? '')
    if (refused?.test(name)) return response.writeHead(503).end()
    const isFile = name !== '/descriptors'
    const content = isFile ? await readFile(path.join(folder, name)) : toBinary(FileDescriptorSetSchema, descriptors)
    response.writeHead(200, {
      ...PAGE_HEADERS,
      'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream',
    })
    response.end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return openPage(browser, `http://127.0.0.1:${port}`, { ...pageOptions, view: type })
}

/** Collects files and what they import. */
export function descriptorsOf(...files: readonly DescFile[]): FileDescriptorSet {
  const all = new Set<DescFile>()
  const add = (file: DescFile) => {
    if (all.has(file)) return
    file.dependencies.forEach(add)
    all.add(file)
  }
  files.forEach(add)
  return create(FileDescriptorSetSchema, { file: [...all].map(({ proto }) => proto) })
}
