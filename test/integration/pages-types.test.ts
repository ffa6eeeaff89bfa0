/** Every program on every page passes the type checker, with the strictness of this project. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../support/command.ts'
import { generateCode, MODULES, writeShop } from '../support/pages/page-ground.ts'
import { allPages, ROOT, readPage } from '../support/pages/read-page.ts'
import { replaceTexts } from '../support/pages/replace-texts.ts'

const FOLDER = path.join(ROOT, '.cache/pages/types')

test('the programs on all pages type-check', { timeout: 120_000 }, async () => {
  await rm(FOLDER, { recursive: true, force: true })
  onTestFinished(() => rm(FOLDER, { recursive: true, force: true }))
  await writeShop(path.join(FOLDER, 'shop'))
  for (const page of allPages()) await writePrograms(page)
  // A page shows the parts of a file that matter: it may leave an import or a parameter unused.
  const compilerOptions = {
    lib: ['es2024', 'esnext.disposable', 'dom'],
    noUnusedLocals: false,
    noUnusedParameters: false,
    rewriteRelativeImportExtensions: false,
  }
  await writeFile(
    path.join(FOLDER, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, include: ['.'], exclude: [] }),
  )
  const args = [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', FOLDER]
  const outcome = await runCommand({ program: process.execPath, args, timeoutMs: 100_000 }).catch(
    (error: Error) => error.message,
  )
  expect(outcome).toBe('')
})

/** One directory per page, with the shop, or with code generated from the page's own proto. */
async function writePrograms(page: string): Promise<void> {
  const folder = path.join(FOLDER, page.replace(/\.md$/, ''))
  const blocks = readPage(page).filter((block) => block.kind === 'program' || block.kind === 'file')
  if (!blocks.some(({ language }) => language === 'ts')) return
  await cp(path.join(FOLDER, 'shop'), folder, { recursive: true })
  for (const [index, { name, body }] of blocks.entries()) {
    const file = path.join(folder, name || `program-${index}.ts`)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, replaceTexts(body, MODULES))
  }
  if (blocks.some(({ language }) => language === 'proto')) await generateCode(folder)
}
