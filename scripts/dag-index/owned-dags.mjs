/**
 * @module Which file owns which DAG. A file that imports another DAG file evaluates its DAGs too; they stay the imported file's.
 *
 * Two files that both define an id: the first keeps it, the second gets an import error that names both (as Airflow's duplicate DAG id).
 */

/** Answers `dags` (id to file and spec hash, sorted) and `importErrors` (sorted by file). */
export function ownedDags(results, answers) {
  const importErrors = [];
  const defined = new Map();
  for (const { file, error } of results) {
    const answer = error === null ? answers.get(file) : { dags: [], error };
    if (answer.error !== null) importErrors.push({ file, message: answer.error });
    else defined.set(file, new Map(answer.dags.map(({ dagId, specHash }) => [dagId, specHash])));
  }
  const owner = new Map();
  for (const { file, imports } of results) {
    for (const [dagId, specHash] of defined.get(file) ?? []) {
      if (imports.some((imported) => defined.get(imported)?.has(dagId))) continue;
      const first = owner.get(dagId);
      if (first === undefined) owner.set(dagId, { file, specHash });
      else importErrors.push({ file, message: duplicateMessage(dagId, file, first.file) });
    }
  }
  const dags = Object.fromEntries([...owner].sort(([a], [b]) => (a < b ? -1 : 1)));
  importErrors.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { dags, importErrors };
}

function duplicateMessage(dagId, file, firstFile) {
  return `DAG id "${dagId}" is defined in ${firstFile} and again in ${file}; the one in ${firstFile} is used. Rename one of them`;
}
