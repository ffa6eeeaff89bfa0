/** Writes the declarations that users of the entrances can reach, and no others. */
import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The paths of an import of our own in a declaration, as a statement and as an expression. */
const IMPORTED = /(?<=(?:from |import\(|import )['"])\.[^'"]+(?=['"])/g

/** Examples in comments import modules of users. */
const COMMENT = /\/\*.*?\*\//gs

/**
 * @param root the folder of the sources
 * @param folder where they go, in the same places as their sources
 * @param entrances sources, relative to the root
 */
export async function writeDeclarations(root: string, folder: string, entrances: readonly string[]): Promise<void> {
  await using cleanup = new AsyncDisposableStack()
  const emitted = await mkdtemp(path.join(tmpdir(), 'portico-types-'))
  cleanup.defer(() => rm(emitted, { recursive: true }))
  for (const project of ['tsconfig.build.json', 'tsconfig.build-web.json']) {
    const args = ['-p', path.join(import.meta.dirname, project), '--outDir', emitted]
    execFileSync(path.join(root, 'node_modules/.bin/tsc'), args, { stdio: 'inherit' })
  }
  // What buf generates is JavaScript with its declarations beside it, which the compiler leaves alone.
  await cp(path.join(root, 'gen'), path.join(emitted, 'gen'), { recursive: true })
  const pending = entrances.map((source) => source.replace(/\.ts$/, '.d.ts'))
  const seen = new Set(pending)
  for (const file of pending) {
    const text = await readFile(path.join(emitted, file), 'utf8')
    for (const [specifier] of text.replace(COMMENT, '').matchAll(IMPORTED)) {
      const target = path.posix.join(path.posix.dirname(file), specifier).replace(/\.[jt]s$/, '.d.ts')
      if (!seen.has(target)) pending.push(target)
      seen.add(target)
    }
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(
      path.join(folder, file),
      text.replace(IMPORTED, (specifier) => specifier.replace(/\.ts$/, '.js')),
    )
  }
}
