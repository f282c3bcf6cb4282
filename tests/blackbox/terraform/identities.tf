# Everything of IAM that has a place in Tern, keys with grants and replicas, and what an account says of its buckets.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "home" {}
variable "abroad" {}
variable "owner" { type = object({ id = string, access_key = string, secret_key = string }) }
variable "partner" { type = object({ id = string, access_key = string, secret_key = string }) }
variable "suffix" {}
variable "team" { default = "first" }

provider "aws" {
  region            = "us-east-1"
  access_key        = var.owner.access_key
  secret_key        = var.owner.secret_key
  s3_use_path_style = true
  # S3 Control is asked at a name with the account in front, which has an address only where there is a name server.
  http_proxy = var.home
  default_tags { tags = { made-by = "terraform" } }
  endpoints {
    s3        = var.home
    s3control = replace(var.home, "127.0.0.1", "s3-control.localhost")
    iam       = var.home
    sts       = var.home
    kms       = var.home
  }
}

provider "aws" {
  alias             = "abroad"
  region            = "eu-west-1"
  access_key        = var.owner.access_key
  secret_key        = var.owner.secret_key
  s3_use_path_style = true
  endpoints {
    s3        = var.abroad
    s3control = var.abroad
    iam       = var.abroad
    sts       = var.abroad
    kms       = var.abroad
  }
}

data "aws_caller_identity" "self" {}

# Users and groups

resource "aws_iam_user" "writer" {
  name                 = "writer-${var.suffix}"
  path                 = "/teams/"
  permissions_boundary = aws_iam_policy.boundary.arn
  force_destroy        = true
  tags                 = { team = var.team }
}

resource "aws_iam_access_key" "writer" { user = aws_iam_user.writer.name }

resource "aws_iam_user_policy" "writer" {
  name   = "own"
  user   = aws_iam_user.writer.name
  policy = data.aws_iam_policy_document.writes.json
}

resource "aws_iam_user_policy_attachment" "writer" {
  user       = aws_iam_user.writer.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
}

resource "aws_iam_group" "writers" {
  name = "writers-${var.suffix}"
  path = "/teams/"
}

resource "aws_iam_group_policy" "writers" {
  name   = "shared"
  group  = aws_iam_group.writers.name
  policy = data.aws_iam_policy_document.writes.json
}

resource "aws_iam_group_policy_attachment" "writers" {
  group      = aws_iam_group.writers.name
  policy_arn = aws_iam_policy.team.arn
}

resource "aws_iam_group_membership" "writers" {
  name  = "writers"
  group = aws_iam_group.writers.name
  users = [aws_iam_user.writer.name]
}

resource "aws_iam_user" "reader" { name = "reader-${var.suffix}" }

resource "aws_iam_group" "readers" { name = "readers-${var.suffix}" }

resource "aws_iam_user_group_membership" "reader" {
  user   = aws_iam_user.reader.name
  groups = [aws_iam_group.readers.name]
}

# Policies

data "aws_iam_policy_document" "writes" {
  statement {
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = ["arn:aws:s3:::data-${var.suffix}/${var.team}/*"]
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

data "aws_iam_policy_document" "boundary" {
  statement {
    actions   = ["s3:*", "kms:*"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "boundary-${var.suffix}"
  path        = "/limits/"
  description = "no more than storage"
  policy      = data.aws_iam_policy_document.boundary.json
}

# Each change of the team is a new version of this one.
resource "aws_iam_policy" "team" {
  name   = "team-${var.suffix}"
  policy = data.aws_iam_policy_document.writes.json
  tags   = { team = var.team }
}

# Roles

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.writer.arn, var.partner.id]
    }
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.suffix]
    }
  }
}

resource "aws_iam_role" "team" {
  name                  = "team-${var.suffix}"
  path                  = "/teams/"
  description           = "for ${var.team}"
  assume_role_policy    = data.aws_iam_policy_document.trust.json
  max_session_duration  = 7200
  permissions_boundary  = aws_iam_policy.boundary.arn
  force_detach_policies = true
}

resource "aws_iam_role_policy" "team" {
  name   = "inline"
  role   = aws_iam_role.team.id
  policy = data.aws_iam_policy_document.writes.json
}

resource "aws_iam_role_policies_exclusive" "team" {
  role_name    = aws_iam_role.team.name
  policy_names = [aws_iam_role_policy.team.name]
}

resource "aws_iam_role_policy_attachment" "team" {
  role       = aws_iam_role.team.name
  policy_arn = aws_iam_policy.team.arn
}

resource "aws_iam_role_policy_attachments_exclusive" "team" {
  role_name   = aws_iam_role.team.name
  policy_arns = [aws_iam_role_policy_attachment.team.policy_arn]
}

resource "aws_iam_instance_profile" "team" {
  name = "team-${var.suffix}"
  role = aws_iam_role.team.name
}

resource "aws_iam_openid_connect_provider" "builds" {
  url             = "https://builds-${var.suffix}.example"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["cf23df2207d99a74fbe169e3eba035e633b65d94"]
}

resource "aws_iam_service_linked_role" "backup" {
  aws_service_name = "backup.amazonaws.com"
}

# Keys

resource "aws_kms_key" "data" {
  description             = "data of ${var.team}"
  multi_region            = true
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "data" {
  name          = "alias/data-${var.suffix}"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_kms_key_policy" "data" {
  key_id = aws_kms_key.data.key_id
  policy = data.aws_iam_policy_document.key.json
}

data "aws_iam_policy_document" "key" {
  statement {
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.self.account_id}:root"]
    }
  }
}

resource "aws_kms_grant" "team" {
  name              = "team"
  key_id            = aws_kms_key.data.key_id
  grantee_principal = aws_iam_role.team.arn
  operations        = ["Encrypt", "Decrypt", "GenerateDataKey"]
  constraints { encryption_context_subset = { team = "first" } }
}

resource "aws_kms_replica_key" "data" {
  provider                = aws.abroad
  primary_key_arn         = aws_kms_key.data.arn
  deletion_window_in_days = 7
}

resource "aws_kms_ciphertext" "secret" {
  key_id    = aws_kms_key.data.key_id
  plaintext = "secret"
}

# Buckets behind one name

resource "aws_s3_account_public_access_block" "self" {
  block_public_acls  = true
  ignore_public_acls = true
}

resource "aws_s3_bucket" "near" {
  bucket        = "data-${var.suffix}"
  force_destroy = true
}

resource "aws_s3_bucket" "far" {
  provider      = aws.abroad
  bucket        = "data-far-${var.suffix}"
  force_destroy = true
}

resource "aws_s3control_multi_region_access_point" "both" {
  details {
    name = "both-${var.suffix}"
    region { bucket = aws_s3_bucket.near.id }
    region { bucket = aws_s3_bucket.far.id }
  }
}

resource "aws_s3control_multi_region_access_point_policy" "both" {
  details {
    name   = element(split(":", aws_s3control_multi_region_access_point.both.id), 1)
    policy = data.aws_iam_policy_document.both.json
  }
}

data "aws_iam_policy_document" "both" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3control_multi_region_access_point.both.arn}/object/*"]
    principals {
      type        = "AWS"
      identifiers = [var.partner.id]
    }
  }
}

# Read back

data "aws_iam_user" "writer" { user_name = aws_iam_user.writer.name }
data "aws_iam_group" "writers" {
  group_name = aws_iam_group.writers.name
  depends_on = [aws_iam_group_membership.writers]
}
data "aws_iam_role" "team" { name = aws_iam_role.team.name }
data "aws_iam_policy" "team" { arn = aws_iam_policy.team.arn }
data "aws_iam_instance_profile" "team" { name = aws_iam_instance_profile.team.name }
data "aws_iam_openid_connect_provider" "builds" { arn = aws_iam_openid_connect_provider.builds.arn }
data "aws_iam_roles" "teams" {
  path_prefix = "/teams/"
  depends_on  = [aws_iam_role.team]
}
data "aws_iam_users" "teams" {
  path_prefix = "/teams/"
  depends_on  = [aws_iam_user.writer]
}
data "aws_kms_key" "data" { key_id = aws_kms_alias.data.arn }
data "aws_kms_alias" "data" { name = aws_kms_alias.data.name }

output "role" { value = aws_iam_role.team.arn }
output "user" { value = aws_iam_user.writer.name }
output "key" {
  value     = { id = aws_iam_access_key.writer.id, secret = aws_iam_access_key.writer.secret }
  sensitive = true
}
output "members" { value = sort([for user in data.aws_iam_group.writers.users : user.user_name]) }
output "bucket" { value = aws_s3_bucket.near.bucket }
output "policy" { value = aws_iam_policy.team.arn }
output "key_alias" { value = aws_kms_alias.data.name }
output "access_point" { value = aws_s3control_multi_region_access_point.both.alias }
