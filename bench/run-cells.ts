/** Measures all cells, round after round, with the cells of a workload in succession. */
import type { Cell, Result, Sample } from './workload.ts'

/**
 * @param tell called with a line for each measurement
 * @throws Error that names the contestant and the workload when a measurement fails
 */
export async function runCells(
  cells: readonly Cell[],
  rounds: number,
  tell: (line: string) => void,
): Promise<readonly Result[]> {
  const rows = cells.map((cell) => ({ cell, samples: [] as Sample[] }))
  for (let round = 1; round <= rounds; round += 1) {
    for (const { cell, samples } of rows) {
      const sample = await measure(cell)
      samples.push(sample)
      const [{ key, title }] = cell.workload.columns
      tell(`${round}/${rounds}  ${cell.workload.name}  ${cell.contestant}  ${sample[key]?.toFixed(2)} ${title}`)
    }
  }
  return rows.map(({ cell: { workload, contestant, title }, samples }) => ({ workload, contestant, title, samples }))
}

async function measure(cell: Cell): Promise<Sample> {
  try {
    return await cell.measure()
  } catch (cause) {
    throw new Error(`${cell.contestant} fails in ${cell.workload.name}`, { cause })
  }
}
