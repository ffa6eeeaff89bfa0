/** The page of the console, built as it is published. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildPage } from '../../console/build.ts'

let building: Promise<string> | undefined

/** Builds the page, once per process. Returns the folder of its files. */
export function builtConsole(): Promise<string> {
  building ??= buildInto()
  return building
}

async function buildInto(): Promise<string> {
  const outDir = await mkdtemp(path.join(tmpdir(), 'portico-console-app-'))
  await buildPage(outDir)
  return outDir
}
