// The second opinion on tests/policies/cases.json: what @cloud-copilot/iam-simulate makes of each request.
//
// For: an answer to each request of the table. Not for: judging; tests/it/policies.rs compares.
//
//   node simulate.mjs FOLDER-WITH-NODE_MODULES < requests.json
//
// Standard input is a list of {principal, action, resource, context, policy}, made by the Rust test from the table, so that
// the table is read in one place. Standard output is a list of {answer} or {unsupported}, in the same order.
//
// What is compared is the simulator's answer about this one document: for a service that is its overall answer, for
// others that of its resource analysis, because what an account's own policies add is not asked here.
//
// It drops context keys that it does not know for an action, all encryption contexts among them. Where the policy names
// such a key, the request goes to the same engine behind the door that does not look at keys.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const installed = createRequire(join(process.argv[2], "package.json"));
const { anonymousPrincipal, runSimulation, runUnsafeSimulation } = installed("@cloud-copilot/iam-simulate");
const { createValidatedPolicy, validateResourcePolicy, validateTrustPolicy } = installed("@cloud-copilot/iam-policy");

const ANSWERS = {
  Allowed: "allowed",
  AllowedForAccount: "allowed",
  ImplicitlyDenied: "denied",
  ExplicitlyDenied: "denied",
  DeniedForAccount: "denied",
};

async function simulate({ principal, action, resource, context, policy }) {
  const validate = action.startsWith("sts:") ? validateTrustPolicy : validateResourcePolicy;
  const simulation = {
    request: {
      principal: principal ?? anonymousPrincipal,
      action,
      resource: { resource, accountId: "111111111111" },
      contextVariables: context,
    },
    identityPolicies: [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: createValidatedPolicy(policy, validate, { name: "policy" }),
  };
  let result;
  try {
    result = await runSimulation(simulation, {});
  } catch (error) {
    return { unsupported: String(error.message ?? error) };
  }
  if (result.resultType !== "single") {
    const errors = result.errors?.resourcePolicyErrors?.map((error) => `${error.path}: ${error.message}`);
    return { unsupported: [result.errors?.message ?? result.resultType, ...(errors ?? [])].join("; ") };
  }
  const isService = principal?.endsWith(".amazonaws.com") ?? false;
  const text = JSON.stringify(policy).toLowerCase();
  const missed = result.result.ignoredContextKeys.filter((key) => text.includes(key.toLowerCase()));
  if (missed.length > 0) {
    if (!isService) return { unsupported: `it ignores ${missed.join(", ")}` };
    return { answer: ANSWERS[runUnsafeSimulation(simulation, {})] };
  }
  const told = result.result.analysis.resourceAnalysis.result;
  const answer = ANSWERS[told];
  if (isService && ANSWERS[result.overallResult] !== answer) {
    return { unsupported: `${told} by the policy, but ${result.overallResult}` };
  }
  return answer === undefined ? { unsupported: told } : { answer };
}

const answers = [];
for (const request of JSON.parse(readFileSync(0, "utf8"))) answers.push(await simulate(request));
process.stdout.write(JSON.stringify(answers));
