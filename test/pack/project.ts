/** Projects of users: the packed package, and the packages that one kind of user installs with it. */
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from '../support/command.ts'
import { runNpm, thisNodeEnv } from '../support/npm.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const CONSUMER = path.join(import.meta.dirname, 'consumer')
/** Disk usage is counted in blocks. */
const BLOCK_BYTES = 4_096

/** The executables of the development packages. */
export const BIN = path.join(ROOT, 'node_modules/.bin')

/** What a user of one kind installs. */
export interface ProjectInit {
  /** The folder, in that of the run. */
  readonly name: string
  /** Packages with their versions, beside portico itself. */
  readonly packages: readonly string[]
  /** Further fields of package.json. */
  readonly manifest?: object
}

/** A folder with its programs, those of test/pack/consumer, and its packages. */
export class Project {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** Installs with npm's defaults, which include peers that are not optional. */
  static async install(tarball: string, { name, packages, manifest }: ProjectInit): Promise<Project> {
    const project = new Project(path.join(path.dirname(tarball), name))
    await mkdir(project.folder)
    await cp(CONSUMER, project.folder, { recursive: true })
    // What buf generates for a user from the user's own protos.
    // With the code of the protos that it imports.
    for (const folder of ['gen/greeter', 'gen/google', 'gen/portico/options']) {
      await cp(path.join(ROOT, folder), project.path(folder), { recursive: true })
    }
    await project.write('package.json', { name, private: true, type: 'module', ...manifest })
    const args = ['install', '--omit=dev', '--no-audit', '--no-fund', tarball, ...packages]
    await runNpm({ args, cwd: project.folder, env: thisNodeEnv })
    return project
  }

  path(...parts: readonly string[]): string {
    return path.join(this.folder, ...parts)
  }

  /** The Node that runs the checks also runs the installed package. */
  command(program: string, ...args: readonly string[]): Command {
    return { program, args, cwd: this.folder, env: thisNodeEnv }
  }

  write(file: string, json: object): Promise<void> {
    return writeFile(this.path(file), JSON.stringify(json))
  }

  /** The names of the installed packages, portico's own included. */
  async packages(): Promise<readonly string[]> {
    const { packages } = JSON.parse(await readFile(this.path('node_modules/.package-lock.json'), 'utf8'))
    return Object.keys(packages)
  }

  /** Returns the disk usage of a folder. */
  async diskBytes(folder: string): Promise<number> {
    const entries = await readdir(this.path(folder), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile() || entry.isDirectory())
    const sizes = await Promise.all(
      files.map(async (file) => {
        const { size } = await stat(path.join(file.parentPath, file.name))
        return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
      }),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }
}
