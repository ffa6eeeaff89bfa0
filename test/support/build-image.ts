/** Images of buf, with the comments of their protos. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'

const BUF = path.resolve(import.meta.dirname, '../../node_modules/@bufbuild/buf/bin/buf')

/** Compiles .proto files by name into an image, as `buf build -o` does. Imports resolve among them, or to the well-known types. */
export async function buildImage(texts: Readonly<Record<string, string>>, ...flags: string[]): Promise<Uint8Array> {
  const folder = await temporaryFolder()
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  execFileSync(process.execPath, [BUF, 'build', '-o', 'image.binpb', ...flags], { cwd: folder, stdio: 'pipe' })
  return readFileSync(path.join(folder, 'image.binpb'))
}
