// A tool that is fast because it did not do its job must not win.

const OUTPUT_SHOWN = 2000;

/**
 * @param {Pick<import('./cases.mjs').Contestant, 'says' | 'expected'> & { peer: { title: string } }} contestant
 * @param {{ code: number | null, output: string }} ended
 * @param {(sql: string) => Promise<{ n: number }[]>} query
 * @throws Error that says what is wrong, with the end of what the tool printed
 */
export async function check({ peer, says, expected }, { code, output }, query) {
  const fail = (what) => {
    throw new Error(`${peer.title}: ${what}. It printed:\n${output.slice(-OUTPUT_SHOWN)}`);
  };
  if (code !== 0) fail(`it ended with ${code}`);
  if (says && !says.test(output)) fail(`it did not print ${says}`);
  for (const [sql, wanted] of Object.entries(expected)) {
    const [{ n }] = await query(sql);
    if (n !== wanted) fail(`${sql} gives ${n} instead of ${wanted}`);
  }
}
