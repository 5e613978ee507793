//! The templates, byte for byte. That CloudFormation takes them is tested in `tests/it/plan_iac.rs`.

use super::super::samples;
use super::*;

const ALARM: &str = "\
# Region: us-west-2
# Any Region but the primary one will do.
AWSTemplateFormatVersion: \"2010-09-09\"
Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Dimensions:
        - { Name: CanaryName, Value: \"${CANARY_NAME}\" }
      MetricName: ${METRIC}
      AlarmDescription: \"${POOL_NAME} of $${x}\"
      Unit: !Sub \"$${AWS::Region} ${METRIC}\"
  Check:
    Type: AWS::Route53::HealthCheck
    Properties: { Name: !Ref Alarm }
Outputs:
  CheckId:
    Value: !GetAtt Check.HealthCheckId
";

const HCL: &str = "\
# Region: us-west-2
resource \"aws_cloudwatch_metric_alarm\" \"failover\" {
  alarm_name = \"cognito-${POOL_NAME}\"
  canary     = \"${CANARY_NAME}\"
}

resource \"aws_route53_health_check\" \"failover\" {
  provider = aws.secondary
  name     = \"$${aws_cloudwatch_metric_alarm.failover.alarm_name}\"
}
";

/// A plan whose first step creates something in the replica Region.
fn plan(name: &str) -> PoolPlan {
    let mut plan = samples::first_day().pools.remove(0);
    plan.values.insert("POOL_NAME".to_owned(), name.to_owned());
    plan.pool.name = Some(name.to_owned());
    let step = &mut plan.steps[0];
    step.cloudformation = Some(Snippet { region: "us-west-2".to_owned(), text: ALARM.to_owned() });
    step.terraform = Some(Snippet { region: "us-west-2".to_owned(), text: HCL.to_owned() });
    step.inputs.insert("CANARY_NAME".to_owned(), "the canary's \"name\"\nhere".to_owned());
    plan
}

#[test]
fn nothing_new_gives_no_file() {
    let plan = samples::first_day().pools.remove(0);
    assert!(cloudformation(&plan).is_empty());
    assert!(terraform(&plan).is_empty());
}

#[test]
fn what_is_left_open_is_a_parameter() {
    let files = cloudformation(&plan("it's \"${x}\"\n: #\u{202e}"));
    let [(name, text)] = &files[..] else { panic!("one Region") };
    assert_eq!(name, "cloudformation-us-west-2.yaml");
    let body = &text[text.find("Parameters:").unwrap()..];
    assert_eq!(
        body,
        "\
Parameters:
  CanaryName:
    Type: String
    Description: \"the canary's \\\"name\\\" here\"
  Metric:
    Type: String
    Description: \"metric\"
  PoolName:
    Type: String
    Description: \"pool name\"
    Default: \"it's \\\"${x}\\\"\\n: #\\u202e\"
Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Dimensions:
        - { Name: CanaryName, Value: !Sub \"${CanaryName}\" }
      MetricName: !Ref Metric
      AlarmDescription: !Sub \"${PoolName} of ${!x}\"
      Unit: !Sub \"${AWS::Region} ${Metric}\"
  Check:
    Type: AWS::Route53::HealthCheck
    Properties: { Name: !Ref Alarm }
Outputs:
  CheckId:
    Value: !GetAtt Check.HealthCheckId
"
    );
    assert!(text.contains("#   Any Region but the primary one will do.\n"), "{text}");
    assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)), "{text}");
}

#[test]
fn templates_of_several_steps_are_one_per_region() {
    let mut plan = plan("x");
    plan.steps[1].cloudformation = plan.steps[0].cloudformation.clone();
    let mut other = plan.steps[0].cloudformation.clone().unwrap();
    other.text = other.text.replace("AWS::Route53::HealthCheck", "AWS::Route53::Other");
    plan.steps[2].cloudformation = Some(other);
    let text = cloudformation(&plan).remove(0).1;
    let count = |what: &str| text.matches(what).count();
    assert_eq!((count("\n  Alarm:\n"), count("\n  Check:\n"), count("\n  Check2:\n")), (1, 1, 1), "{text}");
    assert!(text.contains("!GetAtt Check2.HealthCheckId"), "{text}");
    let mut far = plan.steps[0].cloudformation.clone().unwrap();
    "us-east-1".clone_into(&mut far.region);
    plan.steps[2].cloudformation = Some(far);
    let names: Vec<String> = cloudformation(&plan).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["cloudformation-us-east-1.yaml", "cloudformation-us-west-2.yaml"]);
}

#[test]
fn terraform_has_variables_and_a_provider_per_region() {
    let text = terraform(&plan("${x} \"%{y}\"\n")).remove(0).1;
    let body = &text[text.find("terraform {").unwrap()..];
    assert_eq!(
        body,
        "\
terraform {
  required_providers {
    aws = {
      source  = \"hashicorp/aws\"
      version = \">= 5.0\"
    }
  }
}

provider \"aws\" {
  alias  = \"primary\"
  region = \"us-east-1\"

  allowed_account_ids = [\"111122223333\"]
}

provider \"aws\" {
  alias  = \"secondary\"
  region = \"us-west-2\"

  allowed_account_ids = [\"111122223333\"]
}

variable \"canary_name\" {
  description = \"the canary's \\\"name\\\" here\"
  type        = string
}

variable \"pool_name\" {
  description = \"pool name\"
  type        = string
  default     = \"$${x} \\\"%%{y}\\\"\\n\"
}

# create-multi-region-key: Do create-multi-region-key
resource \"aws_cloudwatch_metric_alarm\" \"failover\" {
  provider = aws.secondary

  alarm_name = \"cognito-${var.pool_name}\"
  canary     = var.canary_name
}

resource \"aws_route53_health_check\" \"failover\" {
  provider = aws.secondary
  name     = \"${aws_cloudwatch_metric_alarm.failover.alarm_name}\"
}

"
    );
}

#[test]
fn terraform_blocks_of_one_name_are_told_apart() {
    let mut plan = plan("x");
    plan.steps[1].terraform = plan.steps[0].terraform.clone();
    let mut other = plan.steps[0].terraform.clone().unwrap();
    other.text = other.text.replace("cognito-", "other-");
    plan.steps[2].terraform = Some(other);
    let text = terraform(&plan).remove(0).1;
    assert_eq!(text.matches("\"aws_cloudwatch_metric_alarm\" \"failover\"").count(), 1, "{text}");
    assert_eq!(text.matches("\"aws_cloudwatch_metric_alarm\" \"failover_2\"").count(), 1, "{text}");
    assert!(text.contains("aws_cloudwatch_metric_alarm.failover_2.alarm_name"), "{text}");
}
