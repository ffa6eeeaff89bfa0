/** Copies a template into a folder, with the names of the project. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ProjectName } from './project-name.ts'
import { TEMPLATES, type TemplateName } from './templates.ts'

/** Where and what to write. */
export interface ProjectPlan {
  /** The folder of the project, which is made when it is missing. */
  readonly folder: string
  readonly name: ProjectName
  readonly template: TemplateName
  /** Where the project is made. Default: this process' platform. */
  readonly platform?: NodeJS.Platform
  /** The tarball to install in place of the registry's `portico`, as an absolute path. Default: the registry's. */
  readonly tarball?: string | undefined
}

const ROOT = path.resolve(import.meta.dirname, '../templates')
/** Entries that a folder may have and still be called empty. */
const IGNORED: readonly string[] = ['.git', '.DS_Store']

/** Says whether a folder is missing or empty, so that a project overwrites nothing in it. */
export async function isEmptyFolder(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).every((entry) => IGNORED.includes(entry))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return true
    if (code === 'ENOTDIR') return false
    throw error
  }
}

/** Lists the packages that projects of a template depend on. */
export async function dependenciesOf(template: TemplateName): Promise<string[]> {
  const manifests = await Promise.all(TEMPLATES[template].map((layer) => readManifest(path.join(ROOT, layer))))
  return manifests.flatMap(({ dependencies, devDependencies }) => Object.keys({ ...dependencies, ...devDependencies }))
}

/** Writes the files of a project. */
export async function writeProject(plan: ProjectPlan): Promise<void> {
  const { folder, name, template, tarball, platform = process.platform } = plan
  for (const layer of TEMPLATES[template]) await addLayer(path.join(ROOT, layer), folder, name)
  const { scripts, dependencies, ...manifest } = await readManifest(folder)
  await writeManifest(folder, {
    ...manifest,
    scripts: platform === 'win32' ? withoutExec(scripts) : scripts,
    dependencies: { ...dependencies, ...(tarball !== undefined && { portico: `file:${tarball}` }) },
  })
}

/**
 * `exec` makes the shell of an npm script become Node, so that a signal to npm reaches Node and its exit code npm. Windows has
 * neither that command nor those signals.
 */
function withoutExec(scripts: Texts = {}): Texts {
  return Object.fromEntries(Object.entries(scripts).map(([name, script]) => [name, script.replace(/^exec /, '')]))
}

/** A later layer merges its package.json, appends its README.md, and replaces all other files of the same name. */
async function addLayer(source: string, folder: string, name: ProjectName): Promise<void> {
  const files = await readdir(source, { recursive: true, withFileTypes: true })
  for (const file of files.filter((entry) => entry.isFile())) {
    const from = path.join(file.parentPath, file.name)
    const to = path.join(folder, targetOf(path.relative(source, from), name))
    const text = withNames(await readFile(from, 'utf8'), name)
    await mkdir(path.dirname(to), { recursive: true })
    if (file.name === 'package.json') await writeManifest(folder, merge(await readManifest(folder), JSON.parse(text)))
    else await writeFile(to, text, { flag: file.name === 'README.md' ? 'a' : 'w' })
  }
}

/** npm leaves .gitignore files out of packages, so templates have them under another name. */
function targetOf(file: string, { proto }: ProjectName): string {
  return file.replace('_gitignore', '.gitignore').replace('my_service', proto)
}

/** Templates are valid code, in which the project is called my-service. */
const PLACEHOLDER = /"name": "my-service"|my[-_]service/g

/** Replaces in one pass, because the name itself may contain a placeholder. */
function withNames(text: string, { npm, short, proto }: ProjectName): string {
  const names: Texts = { 'my-service': short, my_service: proto }
  return text.replace(PLACEHOLDER, (found) => names[found] ?? `"name": "${npm}"`)
}

type Texts = Readonly<Record<string, string>>

type Manifest = Readonly<Record<string, unknown>> & {
  readonly scripts?: Texts | undefined
  readonly dependencies?: Texts
  readonly devDependencies?: Texts
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => '{}')
  return JSON.parse(text)
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

function merge(base: Manifest, added: Manifest): Manifest {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(added)) {
    const before = merged[key]
    merged[key] = isRecord(before) && isRecord(value) ? { ...before, ...value } : value
  }
  return merged
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
