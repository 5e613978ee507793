# Five rules of mrready over the evidence of many pools in us-east-1: `input` is a list of snapshots as `mrready collect`
# writes them, one for each pool.
#
# What differs: where evidence is missing, mrready says UNKNOWN. Here nothing that contradicts is found, the rule is not in
# `broken`, and that reads as a pass.

package mrready

import rego.v1

broken := [names |
	some snapshot in input
	names := [name | some name in rules_broken(snapshot)]
]

rules_broken(snapshot) := names if {
	pools := [entry.response.UserPool |
		some entry in snapshot.entries
		entry.operation == "DescribeUserPool"
		entry.region == "us-east-1"
	]
	arns := {pool.KeyConfiguration.KmsKeyArn | some pool in pools}
	keys := [entry.response.KeyMetadata |
		some entry in snapshot.entries
		entry.operation == "DescribeKey"
		entry.parameters.KeyId in arns
	]
	names := ((({"feature-plan-allows-mrr" | some pool in pools; not pool.UserPoolTier in {"ESSENTIALS", "PLUS"}} |
		{"customer-managed-key-attached" | some pool in pools; pool.KeyConfiguration.KeyType != "CUSTOMER_MANAGED_KEY"}) |
		{"key-multi-region" | some key in keys; key.MultiRegion != true}) |
		{"key-enabled" | some key in keys; key.KeyState != "Enabled"}) |
		{"deletion-protection-active" | some pool in pools; pool.DeletionProtection != "ACTIVE"}
}
