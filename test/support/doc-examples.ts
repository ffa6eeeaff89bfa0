/** The examples of the documentation, run as they stand on its pages. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from './command.ts'

/** A program on a page, and what the page says that it prints. */
export interface DocExample {
  /** The heading above it. */
  readonly title: string
  readonly code: string
  readonly printed: string
}

/** What programs meet: texts on the page, by what stands for them in the test, and the files of their folder. */
export interface ExampleGround {
  readonly replaced: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
}

const ROOT = path.resolve(import.meta.dirname, '../..')
/** Inside of the project, so that packages are found. */
const FOLDER = path.join(ROOT, '.cache/examples')

/** What is published is compiled; here its sources are meant. */
const PACKAGES: Readonly<Record<string, string>> = {
  "'portico/client'": `'${path.join(ROOT, 'client/node/public.ts')}'`,
  "'portico/server'": `'${path.join(ROOT, 'server/public.ts')}'`,
}

const BLOCK = /^(#+ [^\n]*)$|^```(\w+)\n(.*?)^```$/gms

/**
 * Reads the examples of a page: each block of TypeScript, with the block of text behind it.
 *
 * @throws Error for a program without a text: it could say what it likes
 */
export async function readExamples(page: string): Promise<DocExample[]> {
  const examples: DocExample[] = []
  let title = ''
  let code: string | undefined
  for (const [, heading, language, body = ''] of (await readFile(path.join(ROOT, page), 'utf8')).matchAll(BLOCK)) {
    if (code !== undefined && language !== 'text')
      throw new Error(`${page}, ${title}: nothing says what the program prints`)
    if (heading !== undefined) title = heading.replace(/^#+ /, '')
    if (language === 'ts') code = body
    if (language !== 'text' || code === undefined) continue
    examples.push({ title, code, printed: body })
    code = undefined
  }
  if (code !== undefined) throw new Error(`${page}, ${title}: nothing says what the program prints`)
  return examples
}

/** Runs an example, and returns what it prints, with the page's own texts for what stood for them. */
export async function runExample({ code }: DocExample, { replaced, files }: ExampleGround): Promise<string> {
  await mkdir(FOLDER, { recursive: true })
  const folder = await mkdtemp(path.join(FOLDER, 'run-'))
  try {
    let source = code
    for (const [text, stand] of Object.entries({ ...PACKAGES, ...replaced })) source = source.replaceAll(text, stand)
    await writeFile(path.join(folder, 'example.ts'), source)
    for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content)
    const run = { program: process.execPath, args: ['example.ts'], cwd: folder, timeoutMs: 60_000 }
    let printed = await runCommand(run)
    for (const [text, stand] of Object.entries(replaced)) printed = printed.replaceAll(stand, text)
    return printed
  } finally {
    await rm(folder, { recursive: true })
  }
}
